import type { Check } from "../../check.ts";
import { bogusKey, nearlyRight } from "../presented.ts";
import { judgeRefused, presentEach } from "../judge-refused.ts";
import type { StdioTarget } from "../target.ts";

export const rejectsWrongKey: Check<StdioTarget> = {
  id: "rejects-wrong-key",
  group: "rejection",
  about: "access",
  level: "must",
  essential: true,
  expected: "nobody is let in who starts the program with a bogus key, or with one that is nearly right",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization"),
  fix: "compare the digest of the whole key, not its form, its beginning or its presence",
  cost: { requests: 5, wrong: 4 },
  async run(target) {
    return judgeRefused(target, await presentEach(target, [bogusKey(target), ...nearlyRight(target)]));
  },
};
