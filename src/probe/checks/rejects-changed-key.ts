import type { Check } from "../check.ts";
import { changeKey } from "../judge/mutations.ts";
import { costOf } from "../judge/judge-refused.ts";
import { tryMutations } from "../judge/wrong-keys.ts";

export const rejectsChangedKey: Check = {
  id: "rejects-changed-key",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects your key with its start, middle or end changed",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "compare the digest of the whole key in constant time, never only a part or the checksum",
  needs: ["accepted"],
  cost: costOf(4),
  run: (target) => tryMutations(target, changeKey(target.key, target.random)),
};
