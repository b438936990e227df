import type { Check } from "../check.ts";
import { judgeStatus, REFUSAL_COST } from "../judge/read-refusal.ts";

export const answers401ToWrongKey: Check = {
  id: "answers-401-to-wrong-key",
  group: "responses",
  about: "conformance",
  level: "must",
  expected: "answers 401 to an unknown key",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#token-handling"),
  fix: "answer 401 to an unknown, expired or revoked key: 403 means that the key is valid but not sufficient",
  needs: ["accepted"],
  cost: REFUSAL_COST,
  run: (target) => judgeStatus(target, target.wrong),
};
