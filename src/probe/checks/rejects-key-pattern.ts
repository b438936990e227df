import type { Check } from "../check.ts";
import { costOf } from "../judge/judge-refused.ts";
import { patternsOf } from "../judge/mutations.ts";
import { tryMutations } from "../judge/wrong-keys.ts";

export const rejectsKeyPattern: Check = {
  id: "rejects-key-pattern",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects patterns and conditions that match any key",
  source: new URL("https://cwe.mitre.org/data/definitions/943.html"),
  fix: "look up the digest of the key, as a parameter of the query; never put the presented text into SQL, LIKE, a regular expression or a pattern",
  needs: ["accepted"],
  cost: costOf(3),
  run: (target) => tryMutations(target, patternsOf(target.key)),
};
