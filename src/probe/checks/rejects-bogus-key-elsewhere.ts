import type { Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { costOf, tryEach } from "../judge/judge-refused.ts";
import { strangerIn, strangers } from "../judge/wrong-keys.ts";

export const rejectsBogusKeyElsewhere: Check = {
  id: "rejects-bogus-key-elsewhere",
  group: "door",
  about: "door",
  level: "must",
  expects: "a bogus key in the query or in a cookie is not let in",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  mend: "look for the key in the header alone, and compare it wherever it is found",
  needs: ["let-in"],
  cost: costOf(2),
  run(site) {
    const variants = [strangerIn("query", site), strangerIn("cookie", site)];
    return tryEach(site, { controls: [NOTHING, ...strangers(site)], variants });
  },
};
