import { count } from "../../core/count.ts";
import { isConversation } from "../verify/attempt.ts";
import { breaks, holds, untestable, type Check } from "../check.ts";
import { explainStop } from "../verify/explain.ts";

export const acceptsValidKey: Check = {
  id: "accepts-valid-key",
  group: "key",
  about: "manners",
  level: "must",
  expects: "your key is let in, in each era the server speaks",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization"),
  mend: "ask what became of the key with: mcp-keys check; a server that wants another header is tested with --header",
  cost: { requests: 0, wrong: 0 },
  run({ survey, clean, url }) {
    const { real, spoken } = survey;
    if (spoken.length > 0) {
      const eras = spoken.map(({ era, protocolVersion }) => `${era} (${clean(protocolVersion, 32)})`).join(" and ");
      const tools = isConversation(real) && real.tools !== undefined ? `, ${count(real.tools, "tool")}` : "";
      return Promise.resolve(holds(`let in, ${eras}${tools}`));
    }
    const reason = isConversation(real) ? explainStop(real, { url, clean }) : clean(real.message);
    return Promise.resolve(isConversation(real) ? breaks(reason) : untestable(reason));
  },
};
