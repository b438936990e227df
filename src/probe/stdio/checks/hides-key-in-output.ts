import { count } from "../../../core/count.ts";
import type { Check } from "../../check.ts";
import { fail, pass, untestable } from "../../check-result.ts";
import { listNames } from "../../judge/judge-refused.ts";
import { bogusKey, NOTHING } from "../program-keys.ts";
import { NOT_ACCEPTED, presentEach } from "../judge-refused.ts";
import type { StdioTarget } from "../target.ts";

export const hidesKeyInOutput: Check<StdioTarget> = {
  id: "hides-key-in-output",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "prints neither a key nor 8 characters of its secret",
  source: new URL("https://modelcontextprotocol.io/specification/2025-11-25/server/utilities/logging#security"),
  fix: "log the key's id instead, and never print the environment",
  cost: { requests: 2, wrong: 2 },
  async run(target) {
    await presentEach(target, [NOTHING, bogusKey(target)]);
    const leaking = target.starts.filter(({ printed }) => printed.length > 0);
    if (leaking.length > 0) {
      const streams = [...new Set(leaking.flatMap(({ printed }) => printed))].sort().reverse();
      const when = listNames(leaking.map(({ presented }) => presented));
      return fail(`a key or a part of one on ${streams.join(" and ")} when started with ${when}`);
    }
    return target.greeting === null
      ? untestable(NOT_ACCEPTED)
      : pass(`nothing in ${count(target.starts.length, "start")}`);
  },
};
