import { parseToken } from "../../core/token.ts";
import type { Check } from "../check.ts";
import { costOf, judgeShut, presentEach } from "../judge/judge-refused.ts";
import { strangers, unknownKey } from "../judge/wrong-keys.ts";

export const rejectsBogusKey: Check = {
  id: "rejects-bogus-key",
  group: "door",
  about: "door",
  level: "must",
  essential: true,
  expects: "a key of the right form that the server never issued is not let in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  mend: "compare the digest of the whole key, not its form, its length or its prefix",
  cost: costOf(0),
  async run(site) {
    // The other stranger has the id of the key, where it has one, and is what rejects-other-secret is about.
    const ours = parseToken(site.key.reveal()).ok;
    return judgeShut(site, await presentEach(site, ours ? [unknownKey(site)] : strangers(site)));
  },
};
