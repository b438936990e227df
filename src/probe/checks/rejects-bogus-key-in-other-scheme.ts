import type { Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { strangers, strangersInForms } from "../judge/wrong-keys.ts";

export const rejectsBogusKeyInOtherScheme: Check = {
  id: "rejects-bogus-key-in-other-scheme",
  group: "door",
  about: "door",
  level: "must",
  expects: "a wrong key in another form than Bearer is not let in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  mend: "refuse whatever is not Bearer and a key; do not pass on what the guard does not understand",
  needs: ["let-in", "bearer"],
  cost: costOf(5),
  run(site) {
    return tryEach(site, { controls: [NOTHING, ...strangers(site)], variants: strangersInForms(site) });
  },
};
