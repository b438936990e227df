import type { Check } from "../check.ts";
import { judgeStatus, REFUSAL_COST } from "../judge/judge-refusal.ts";

export const answers401ToWrongKey: Check = {
  id: "answers-401-to-wrong-key",
  group: "responses",
  about: "conformance",
  level: "must",
  expected: "a key that the server does not know gets 401",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "answer 401 to a key that is unknown, expired or revoked; 403 says that a key is known and may not do this",
  needs: ["accepted"],
  cost: REFUSAL_COST,
  run: (target) => judgeStatus(target, target.wrong),
};
