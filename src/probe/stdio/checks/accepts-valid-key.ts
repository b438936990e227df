import { count } from "../../../core/count.ts";
import { isConversation } from "../../verify/attempt.ts";
import type { Check } from "../../check.ts";
import { fail, pass } from "../../check-result.ts";
import { introduce } from "../../report/conclude.ts";
import { describeStart } from "../judge-refused.ts";
import type { StdioTarget } from "../target.ts";

export const acceptsValidKey: Check<StdioTarget> = {
  id: "accepts-valid-key",
  group: "acceptance",
  about: "conformance",
  level: "must",
  expected: "reads your key from its environment and accepts it",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization"),
  fix: "start the program by hand with the key; if it reads another variable, use --env-name",
  cost: { requests: 0, wrong: 0 },
  async run(target) {
    const { greeting, real, redact } = target;
    if (greeting === null) return fail(describeStart(real, target));
    const [spokenEra] = introduce([greeting], redact).eras;
    const tools = isConversation(real.attempt) ? real.attempt.tools : undefined;
    const named = `${spokenEra?.era ?? ""} (${spokenEra?.protocolVersion ?? ""})`;
    const took = `accepted after ${(real.ms / 1000).toFixed(1)} s, ${named}`;
    return pass(tools === undefined ? took : `${took}, ${count(tools, "tool")}`);
  },
};
