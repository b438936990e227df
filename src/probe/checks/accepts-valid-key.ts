import { count } from "../../core/count.ts";
import { isConversation } from "../verify/attempt.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { explainRefusedKey } from "../inconclusive-reason.ts";

export const acceptsValidKey: Check = {
  id: "accepts-valid-key",
  group: "acceptance",
  about: "conformance",
  level: "must",
  expected: "accepts your key in every protocol era it speaks",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization"),
  fix: "check the key with: mcp-keys check; if the server reads another header, use --header",
  cost: { requests: 0, wrong: 0 },
  async run(target) {
    const { survey, redact } = target;
    const { real, greetings } = survey;
    if (greetings.length > 0) {
      const eras = greetings.map(({ era, protocolVersion }) => `${era} (${redact(protocolVersion, 32)})`).join(" and ");
      const tools = isConversation(real) && real.tools !== undefined ? `, ${count(real.tools, "tool")}` : "";
      return pass(`accepted, ${eras}${tools}`);
    }
    const reason = await explainRefusedKey(target);
    return isConversation(real) ? fail(reason) : untestable(reason);
  },
};
