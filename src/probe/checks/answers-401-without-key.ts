import type { Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { judgeStatus, REFUSAL_COST } from "../judge/judge-refusal.ts";

export const answers401WithoutKey: Check = {
  id: "answers-401-without-key",
  group: "responses",
  about: "conformance",
  level: "must",
  expected: "a request without a key gets 401",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#error-handling"),
  fix: "answer 401 when no key was sent: clients ask for a key on 401, and give up on anything else",
  needs: ["accepted"],
  cost: REFUSAL_COST,
  run: (target) => judgeStatus(target, NOTHING),
};
