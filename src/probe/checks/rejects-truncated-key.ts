import type { Check } from "../check.ts";
import { truncateKey } from "../judge/mutations.ts";
import { costOf } from "../judge/judge-refused.ts";
import { tryMutations } from "../judge/wrong-keys.ts";

export const rejectsTruncatedKey: Check = {
  id: "rejects-truncated-key",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects a part of your key",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "compare whole keys, never with startsWith, endsWith or includes, nor up to the length of the shorter one",
  needs: ["accepted"],
  cost: costOf(3),
  run: (target) => tryMutations(target, truncateKey(target.key), "your key has only one character"),
};
