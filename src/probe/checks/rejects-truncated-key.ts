import type { Check } from "../check.ts";
import { untestable } from "../check-result.ts";
import { truncateKey } from "../judge/mutations.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { nearlyValidKeys, wrongKeys } from "../judge/wrong-keys.ts";

export const rejectsTruncatedKey: Check = {
  id: "rejects-truncated-key",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects a part of your key",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "compare whole keys, never with startsWith, endsWith or includes, nor up to the length of the shorter one",
  needs: ["accepted"],
  cost: costOf(4),
  async run(target) {
    const variants = nearlyValidKeys(target, truncateKey(target.key));
    if (variants.length === 0) return untestable("your key has only one character");
    return tryEach(target, { controls: wrongKeys(target), variants });
  },
};
