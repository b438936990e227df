import { count } from "../../../core/count.ts";
import { isConversation } from "../../verify/attempt.ts";
import type { Check } from "../../check.ts";
import { fail, pass } from "../../check-result.ts";
import { introduce } from "../../report/introduce.ts";
import { describe } from "../judge-refused.ts";
import type { StdioTarget } from "../target.ts";

export const acceptsValidKey: Check<StdioTarget> = {
  id: "accepts-valid-key",
  group: "acceptance",
  about: "conformance",
  level: "must",
  expected: "the program finds your key in its environment, and answers with it",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization"),
  fix: "start it by hand with the key; one that reads another variable is tested with --env-name",
  cost: { requests: 0, wrong: 0 },
  async run(target) {
    const { greeting, real, redact } = target;
    if (greeting === null) return fail(describe(real, target));
    const [spoken] = introduce([greeting], redact).eras;
    const tools = isConversation(real.attempt) ? real.attempt.tools : undefined;
    const named = `${spoken?.era ?? ""} (${spoken?.protocolVersion ?? ""})`;
    const took = `let in after ${(real.ms / 1000).toFixed(1)} s, ${named}`;
    return pass(tools === undefined ? took : `${took}, ${count(tools, "tool")}`);
  },
};
