import { count } from "../../../core/count.ts";
import type { Check } from "../../check.ts";
import { fail, pass, untestable } from "../../check-result.ts";
import { listNames } from "../../judge/judge-refused.ts";
import { bogusKey, NOTHING } from "../presented.ts";
import { NOT_LET_IN, presentEach } from "../judge-refused.ts";
import type { StdioTarget } from "../target.ts";

export const hidesKeyInOutput: Check<StdioTarget> = {
  id: "hides-key-in-output",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "what the program prints holds neither a key nor 8 characters of its secret",
  source: new URL("https://modelcontextprotocol.io/specification/2025-11-25/server/utilities/logging#security"),
  fix: "name the key by its id in logs and errors, and never print the environment",
  cost: { requests: 2, wrong: 2 },
  async run(target) {
    await presentEach(target, [NOTHING, bogusKey(target)]);
    const telling = target.starts.filter(({ printed }) => printed.length > 0);
    if (telling.length > 0) {
      const streams = [...new Set(telling.flatMap(({ printed }) => printed))].sort().reverse();
      const when = listNames(telling.map(({ presented }) => presented));
      return fail(`a key, or a part of one, on ${streams.join(" and ")} when started with ${when}`);
    }
    return target.greeting === null
      ? untestable(NOT_LET_IN)
      : pass(`nothing in ${count(target.starts.length, "start")}`);
  },
};
