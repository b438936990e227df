import type { Check } from "../check.ts";
import { untestable } from "../check-result.ts";
import { swapCase } from "../judge/mutations.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { nearlyValidKeys, wrongKeys } from "../judge/wrong-keys.ts";

export const rejectsKeyInOtherCase: Check = {
  id: "rejects-key-in-other-case",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects your key with upper and lower case swapped",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "compare keys byte by byte; in a database, use a case-sensitive collation",
  needs: ["accepted"],
  cost: costOf(1),
  async run(target) {
    const variants = nearlyValidKeys(target, swapCase(target.key));
    if (variants.length === 0) return untestable("your key has no letters");
    return tryEach(target, { controls: wrongKeys(target), variants });
  },
};
