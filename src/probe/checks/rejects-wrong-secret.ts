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
  expected: "rejects your key's id with another secret",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "look up a key by its id, then compare the digest of the whole token",
  needs: ["accepted"],
  cost: costOf(0),
  async run(target) {
    if (!parseToken(target.key.reveal()).ok)
      return untestable("your key was not issued by mcp-keys, so it has no known id");
    return tryEach(target, { controls: [unknownKey(target)], variants: [target.wrong] });
  },
};
