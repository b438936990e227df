import type { Check } from "../check.ts";
import { untestable } from "../check-result.ts";
import { swapCase } from "../judge/mutations.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { nearlyRightKeys, wrongKeys } from "../judge/wrong-keys.ts";

export const rejectsKeyInOtherCase: Check = {
  id: "rejects-key-in-other-case",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "your key in capitals for small letters is not let in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "compare keys byte for byte; in a database give the column a collation that tells capitals from small letters",
  needs: ["accepted"],
  cost: costOf(1),
  async run(target) {
    const variants = nearlyRightKeys(target, swapCase(target.key));
    if (variants.length === 0) return untestable("your key holds no letters");
    return tryEach(target, { controls: wrongKeys(target), variants });
  },
};
