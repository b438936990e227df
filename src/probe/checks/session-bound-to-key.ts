import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import { takeSecondKey } from "../second-key.ts";
import { openSession } from "../target/session.ts";
import { WAIT_COST } from "../target/wait.ts";

export const sessionBoundToKey: Check = {
  id: "session-bound-to-key",
  group: "session",
  about: "conformance",
  level: "should",
  expected: "a session cannot be used with another key than the one that opened it",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "keep the id of the key beside the session, and answer 404 to any other",
  needs: ["accepted", "session", "second-key"],
  cost: { requests: WAIT_COST.requests + 10, wrong: WAIT_COST.wrong + 2 },
  async run(target) {
    const second = await takeSecondKey(target);
    if ("untestable" in second) return second;
    const session = await openSession(target);
    if (session === null) return untestable("no session was opened");
    try {
      const planned = session.ask();
      const other = await target.exchange(planned, second);
      if (!("status" in other)) return untestable(target.redact(other.message));
      if (kindOf(other) === "result") return fail("the session of your key goes on with another");
      if (other.status >= 500) return untestable(`another key gets ${String(other.status)}`);
      const own = await target.exchange(planned, target.right);
      return "status" in own && kindOf(own) === "result"
        ? pass(`${String(other.status)} to another key`)
        : untestable("the session does not go on with your key either");
    } finally {
      await session.end();
    }
  },
};
