import type { Check } from "../check.ts";
import { NOTHING } from "../credentials.ts";
import { judgeStatus, REFUSAL_COST } from "../refused.ts";

export const refusesWith401: Check = {
  id: "refuses-with-401",
  group: "manners",
  about: "manners",
  level: "must",
  expects: "a request without a key gets 401",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#error-handling"),
  mend: "answer 401 when no key was sent: clients ask for a key on 401, and give up on anything else",
  needs: ["let-in"],
  cost: REFUSAL_COST,
  run: (site) => judgeStatus(site, NOTHING),
};
