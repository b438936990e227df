import type { Check } from "../check.ts";
import { lengthenKey } from "../mutations.ts";
import { costOf, tryEach } from "../shut.ts";
import { nearly, strangers } from "../strangers.ts";

export const refusesLengthenedKey: Check = {
  id: "refuses-lengthened-key",
  group: "door",
  about: "door",
  level: "must",
  expects: "your key with something added to it is not let in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  mend: "compare whole keys, never by startsWith, endsWith or includes",
  needs: ["let-in"],
  cost: costOf(3),
  run(site) {
    return tryEach(site, { controls: strangers(site), variants: nearly(site, lengthenKey(site.key)) });
  },
};
