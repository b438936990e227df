import type { Check } from "../check.ts";
import { instead, NOTHING } from "../credentials.ts";
import { costOf, tryEach } from "../shut.ts";
import { strangers } from "../strangers.ts";

export const refusesOtherScheme: Check = {
  id: "refuses-other-scheme",
  group: "door",
  about: "door",
  level: "must",
  expects: "a wrong key in another form than Bearer is not let in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  mend: "refuse whatever is not Bearer and a key; do not pass on what the guard does not understand",
  needs: ["let-in", "bearer"],
  cost: costOf(3),
  run(site) {
    const bogus = site.bogus.reveal();
    const forms: Readonly<Record<string, string>> = {
      Basic: `Basic ${btoa(`mcp-keys:${bogus}`)}`,
      Token: `Token ${bogus}`,
      "no scheme": bogus,
    };
    const variants = Object.entries(forms).map(([form, authorization]) =>
      instead({ authorization }, { id: `bogus as ${form}`, name: `a bogus key with ${form}` }),
    );
    return tryEach(site, { controls: [NOTHING, ...strangers(site)], variants });
  },
};
