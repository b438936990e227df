import type { Check } from "../check.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { wrongKeyIn, wrongKeys } from "../judge/wrong-keys.ts";

export const rejectsBogusKeyElsewhere: Check = {
  id: "rejects-bogus-key-elsewhere",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects a bogus key in the query and in a cookie, and an operator in the query",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "read the key from the header only; wherever you read it, require text and compare it",
  needs: ["accepted"],
  cost: costOf(2),
  run(target) {
    const variants = [wrongKeyIn("query", target), wrongKeyIn("cookie", target)];
    return tryEach(target, { controls: [NOTHING, ...wrongKeys(target)], variants });
  },
};
