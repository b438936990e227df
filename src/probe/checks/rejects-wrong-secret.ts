import { parseToken } from "../../core/token.ts";
import type { Check } from "../check.ts";
import { untestable } from "../check-result.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { unknownKey } from "../judge/wrong-keys.ts";

export const rejectsWrongSecret: Check = {
  id: "rejects-wrong-secret",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "the id of your key with another secret is not let in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "find a key by its id, then compare the digest of the whole token",
  needs: ["accepted"],
  cost: costOf(0),
  async run(target) {
    if (!parseToken(target.key.reveal()).ok)
      return untestable("your key is no token of mcp-keys, so its id is not known");
    return tryEach(target, { controls: [unknownKey(target)], variants: [target.wrong] });
  },
};
