import { KeysError } from "../../errors.ts";
import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { isGranted } from "../judge/judge-granted.ts";
import { OPEN_SESSION_REQUESTS, openSession } from "../target/session.ts";

export const sessionContinues: Check = {
  id: "session-continues",
  group: "acceptance",
  about: "conformance",
  level: "must",
  expected: "a session of your key answers more than once",
  source: new URL("https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management"),
  fix: "keep the transport of a session until it is ended, and find it again by Mcp-Session-Id",
  needs: ["accepted", "session"],
  cost: { requests: OPEN_SESSION_REQUESTS + 3, wrong: 0 },
  async run(target) {
    const session = await openSession(target);
    if (session === null) return untestable("your key was given no session");
    try {
      const plannedRequests = [session.ask(), session.ask()];
      for (const [count, planned] of plannedRequests.entries()) {
        const seen = await target.exchange(planned, target.right);
        if (seen instanceof KeysError) return untestable(target.redact(seen.message));
        if (isGranted(planned, seen)) continue;
        return fail(`${planned.name} was answered ${count === 0 ? "not even once" : "once and not again"}`);
      }
      return pass("answered twice in one session");
    } finally {
      await session.end();
    }
  },
};
