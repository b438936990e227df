import type { Check } from "../check.ts";
import { changeKey } from "../mutations.ts";
import { costOf, tryEach } from "../shut.ts";
import { nearly, strangers } from "../strangers.ts";

export const refusesChangedKey: Check = {
  id: "refuses-changed-key",
  group: "door",
  about: "door",
  level: "must",
  expects: "your key with one character changed is not let in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  mend: "compare the digest of the whole key, in constant time; never a part of it, and never a checksum alone",
  needs: ["let-in"],
  cost: costOf(4),
  run(site) {
    return tryEach(site, { controls: strangers(site), variants: nearly(site, changeKey(site.key)) });
  },
};
