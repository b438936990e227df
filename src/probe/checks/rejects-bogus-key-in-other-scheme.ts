import type { Check } from "../check.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { wrongKeys, wrongKeysInForms } from "../judge/wrong-keys.ts";

export const rejectsBogusKeyInOtherScheme: Check = {
  id: "rejects-bogus-key-in-other-scheme",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects a bogus key in a scheme other than Bearer",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "reject everything except Bearer and a key; do not let unknown schemes through",
  needs: ["accepted", "bearer"],
  cost: costOf(5),
  run(target) {
    return tryEach(target, { controls: [NOTHING, ...wrongKeys(target)], variants: wrongKeysInForms(target) });
  },
};
