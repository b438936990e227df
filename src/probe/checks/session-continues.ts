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
  expected: "answers more than one request in a session",
  source: new URL("https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management"),
  fix: "keep the transport of a session until it ends, and find it by Mcp-Session-Id",
  needs: ["accepted", "session"],
  cost: { requests: OPEN_SESSION_REQUESTS + 3, wrong: 0 },
  async run(target) {
    const session = await openSession(target);
    if (session === null) return untestable("the server opened no session");
    try {
      const plannedRequests = [session.ask(), session.ask()];
      for (const [count, planned] of plannedRequests.entries()) {
        const result = await target.exchange(planned, target.valid);
        if (result instanceof KeysError) return untestable(target.redact(result.message));
        if (isGranted(planned, result)) continue;
        return fail(`${planned.name} was ${count === 0 ? "not answered" : "answered only once"}`);
      }
      return pass("answered twice in one session");
    } finally {
      await session.end();
    }
  },
};
