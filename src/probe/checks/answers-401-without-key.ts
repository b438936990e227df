import type { Check } from "../check.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { judgeStatus, REFUSAL_COST } from "../judge/read-refusal.ts";

export const answers401WithoutKey: Check = {
  id: "answers-401-without-key",
  group: "responses",
  about: "conformance",
  level: "must",
  expected: "answers 401 to a request without a key",
  source: new URL("https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#error-handling"),
  fix: "answer 401 if no key was sent: clients then ask for a key, and give up on any other status",
  needs: ["accepted"],
  cost: REFUSAL_COST,
  run: (target) => judgeStatus(target, NOTHING),
};
