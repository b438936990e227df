import { parseToken } from "../../core/token.ts";
import { untestable, type Check } from "../check.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { unknownKey } from "../judge/wrong-keys.ts";

export const rejectsOtherSecret: Check = {
  id: "rejects-other-secret",
  group: "door",
  about: "door",
  level: "must",
  expects: "the id of your key with another secret is not let in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  mend: "find a key by its id, then compare the digest of the whole token",
  needs: ["let-in"],
  cost: costOf(0),
  async run(site) {
    if (!parseToken(site.key.reveal()).ok)
      return untestable("your key is no token of mcp-keys, so its id is not known");
    return tryEach(site, { controls: [unknownKey(site)], variants: [site.wrong] });
  },
};
