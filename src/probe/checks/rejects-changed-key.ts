import type { Check } from "../check.ts";
import { changeKey } from "../judge/mutations.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { nearlyValidKeys, wrongKeys } from "../judge/wrong-keys.ts";

export const rejectsChangedKey: Check = {
  id: "rejects-changed-key",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects your key with one character changed",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "compare the digest of the whole key in constant time, never only a part or the checksum",
  needs: ["accepted"],
  cost: costOf(4),
  run(target) {
    return tryEach(target, { controls: wrongKeys(target), variants: nearlyValidKeys(target, changeKey(target.key)) });
  },
};
