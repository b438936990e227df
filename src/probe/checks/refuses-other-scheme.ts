import type { Check } from "../check.ts";
import { NOTHING } from "../credentials.ts";
import { costOf, tryEach } from "../shut.ts";
import { strangers, strangersInForms } from "../strangers.ts";

export const refusesOtherScheme: Check = {
  id: "refuses-other-scheme",
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
