import type { Check } from "../check.ts";
import { costOf } from "../judge/judge-refused.ts";
import { digestsAsKeys } from "../judge/mutations.ts";
import { tryMutations } from "../judge/wrong-keys.ts";

export const rejectsDigestOfKey: Check = {
  id: "rejects-digest-of-key",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects the digest of your key",
  source: new URL("https://cwe.mitre.org/data/definitions/836.html"),
  fix: "compare the stored digest with the digest of what was presented, never with the presented text itself",
  needs: ["accepted"],
  cost: costOf(1),
  run: (target) => tryMutations(target, digestsAsKeys(target.key), "your key is a JWT, which need not be stored"),
};
