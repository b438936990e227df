import type { Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { wrongKeyIn, wrongKeys } from "../judge/wrong-keys.ts";

export const rejectsBogusKeyElsewhere: Check = {
  id: "rejects-bogus-key-elsewhere",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "a bogus key in the query or in a cookie is not let in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "look for the key in the header alone, and compare it wherever it is found",
  needs: ["accepted"],
  cost: costOf(2),
  run(target) {
    const variants = [wrongKeyIn("query", target), wrongKeyIn("cookie", target)];
    return tryEach(target, { controls: [NOTHING, ...wrongKeys(target)], variants });
  },
};
