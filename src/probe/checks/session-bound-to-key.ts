import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import { takeSecondKey } from "../target/second-key.ts";
import { openSession } from "../target/session.ts";
import { WAIT_COST } from "../target/wait.ts";

export const sessionBoundToKey: Check = {
  id: "session-bound-to-key",
  group: "session",
  about: "conformance",
  level: "should",
  expected: "rejects other keys in a session",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "store the key's id with the session, and answer 404 to any other key",
  needs: ["accepted", "session", "second-key"],
  cost: { requests: WAIT_COST.requests + 10, wrong: WAIT_COST.wrong + 2 },
  async run(target) {
    const second = await takeSecondKey(target);
    if ("untestable" in second) return second;
    const session = await openSession(target);
    if (session === null) return untestable("the server opened no session");
    try {
      const planned = session.ask();
      const other = await target.exchange(planned, second);
      if (!("status" in other)) return untestable(target.redact(other.message));
      if (kindOf(other) === "result") return fail("another key can use the session of your key");
      if (other.status >= 500) return untestable(`${String(other.status)} to another key`);
      const own = await target.exchange(planned, target.valid);
      return "status" in own && kindOf(own) === "result"
        ? pass(`${String(other.status)} to another key`)
        : untestable("the session does not continue with your key either");
    } finally {
      await session.end();
    }
  },
};
