import { untestable, type Check } from "../check.ts";
import { changeId } from "../judge/mutations.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { nearly, strangers } from "../judge/wrong-keys.ts";

export const rejectsOtherId: Check = {
  id: "rejects-other-id",
  group: "door",
  about: "door",
  level: "must",
  expects: "the secret of your key under the id of another is not let in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  mend: "find a key by the digest of the whole token, or by its id alone, and compare the digest of the whole token",
  needs: ["let-in"],
  cost: costOf(1),
  async run(site) {
    const variants = nearly(site, changeId(site.key, site.random));
    if (variants.length === 0) return untestable("your key is no token of mcp-keys, so its id is not known");
    return tryEach(site, { controls: strangers(site), variants });
  },
};
