import type { Check } from "../check.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { wrongKeys, wrongKeysInForms } from "../judge/wrong-keys.ts";

export const rejectsBogusKeyInOtherScheme: Check = {
  id: "rejects-bogus-key-in-other-scheme",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects a bogus key in another scheme",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "reject every scheme but the one that the server uses; do not let unknown ones through",
  needs: ["accepted"],
  cost: costOf(5),
  run(target) {
    return tryEach(target, { controls: [NOTHING, ...wrongKeys(target)], variants: wrongKeysInForms(target) });
  },
};
