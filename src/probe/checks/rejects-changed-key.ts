import type { Check } from "../check.ts";
import { changeKey } from "../judge/mutations.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { nearly, strangers } from "../judge/wrong-keys.ts";

export const rejectsChangedKey: Check = {
  id: "rejects-changed-key",
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
