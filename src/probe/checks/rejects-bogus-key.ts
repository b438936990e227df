import { parseToken } from "../../core/token.ts";
import type { Check } from "../check.ts";
import { costOf, judgeRefused, presentEach } from "../judge/judge-refused.ts";
import { wrongKeys, unknownKey } from "../judge/wrong-keys.ts";
import { withJwtFix } from "../judge/forge-jwt.ts";

export const rejectsBogusKey: Check = {
  id: "rejects-bogus-key",
  group: "rejection",
  about: "access",
  level: "must",
  essential: true,
  expected: "rejects a well-formed key that was never issued",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "compare the digest of the whole key, not its form, length or prefix",
  cost: costOf(0),
  async run(target) {
    // If your key has an id, the bogus key has it too, and rejects-wrong-secret tests that one.
    const ours = parseToken(target.key.reveal()).ok;
    const trials = await presentEach(target, ours ? [unknownKey(target)] : wrongKeys(target));
    return withJwtFix(target.key, await judgeRefused(target, trials));
  },
};
