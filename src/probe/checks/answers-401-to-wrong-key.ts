import type { Check } from "../check.ts";
import { judgeStatus, REFUSAL_COST } from "../judge/judge-refusal.ts";

export const answers401ToWrongKey: Check = {
  id: "answers-401-to-wrong-key",
  group: "manners",
  about: "manners",
  level: "must",
  expects: "a key that the server does not know gets 401",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  mend: "answer 401 to a key that is unknown, expired or revoked; 403 says that a key is known and may not do this",
  needs: ["let-in"],
  cost: REFUSAL_COST,
  run: (site) => judgeStatus(site, site.wrong),
};
