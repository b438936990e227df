import type { Check } from "../check.ts";
import { lengthenKey } from "../judge/mutations.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { nearly, strangers } from "../judge/wrong-keys.ts";

export const rejectsExtendedKey: Check = {
  id: "rejects-extended-key",
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
