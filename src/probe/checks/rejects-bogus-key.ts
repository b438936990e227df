import { parseToken } from "../../core/token.ts";
import type { Check } from "../check.ts";
import { costOf, judgeRefused, presentEach } from "../judge/judge-refused.ts";
import { wrongKeys, unknownKey } from "../judge/wrong-keys.ts";

export const rejectsBogusKey: Check = {
  id: "rejects-bogus-key",
  group: "rejection",
  about: "access",
  level: "must",
  essential: true,
  expected: "a key of the right form that the server never issued is not let in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "compare the digest of the whole key, not its form, its length or its prefix",
  cost: costOf(0),
  async run(target) {
    // The other stranger has the id of the key, where it has one, and is what rejects-wrong-secret is about.
    const ours = parseToken(target.key.reveal()).ok;
    return judgeRefused(target, await presentEach(target, ours ? [unknownKey(target)] : wrongKeys(target)));
  },
};
