import type { Check } from "../check.ts";
import { forgeJwt } from "../judge/forge-jwt.ts";
import { costOf } from "../judge/judge-refused.ts";
import { tryMutations } from "../judge/wrong-keys.ts";

export const rejectsForgedJwt: Check = {
  id: "rejects-forged-jwt",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects your JWT without its signature, and signed with another key",
  source: new URL("https://www.rfc-editor.org/rfc/rfc8725#section-3.1"),
  fix: "verify the signature with the one algorithm and the one key that you expect",
  needs: ["accepted", "jwt"],
  cost: costOf(5),
  run: async (target) => tryMutations(target, await forgeJwt(target.key)),
};
