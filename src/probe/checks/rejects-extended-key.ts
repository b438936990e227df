import type { Check } from "../check.ts";
import { extendKey } from "../judge/mutations.ts";
import { costOf } from "../judge/judge-refused.ts";
import { tryMutations } from "../judge/wrong-keys.ts";

export const rejectsExtendedKey: Check = {
  id: "rejects-extended-key",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects your key with characters added",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "compare whole keys, never with startsWith, endsWith or includes, nor up to a NUL",
  needs: ["accepted"],
  cost: costOf(2),
  run: (target) => tryMutations(target, extendKey(target.key)),
};
