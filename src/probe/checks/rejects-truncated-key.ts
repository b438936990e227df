import { untestable, type Check } from "../check.ts";
import { cutKey } from "../judge/mutations.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { nearly, strangers } from "../judge/wrong-keys.ts";

export const rejectsTruncatedKey: Check = {
  id: "rejects-truncated-key",
  group: "door",
  about: "door",
  level: "must",
  expects: "a part of your key is not let in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  mend: "compare whole keys, never by startsWith, endsWith or includes, nor up to the length of the shorter one",
  needs: ["let-in"],
  cost: costOf(4),
  async run(site) {
    const variants = nearly(site, cutKey(site.key));
    if (variants.length === 0) return untestable("nothing can be cut off a key of one character");
    return tryEach(site, { controls: strangers(site), variants });
  },
};
