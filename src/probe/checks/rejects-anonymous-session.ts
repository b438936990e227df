import type { Check } from "../check.ts";
import { pass, untestable } from "../check-result.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { STREAM, withHeaders } from "../mcp/planned-request.ts";
import { exchangeEach, judgeGranted } from "../judge/judge-granted.ts";
import { OPEN_SESSION_REQUESTS, openSession } from "../target/session.ts";
import { findAccepted } from "../judge/judge-refused.ts";

export const rejectsAnonymousSession: Check = {
  id: "rejects-anonymous-session",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "rejects requests in a session opened without a key",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "check the key before opening a session, and with every message",
  needs: ["accepted", "session"],
  cost: { requests: OPEN_SESSION_REQUESTS + 4, wrong: OPEN_SESSION_REQUESTS + 4 },
  async run(target) {
    const accepted = await findAccepted(target, [NOTHING]);
    if (accepted !== null) return untestable("the server accepts requests without a key, with or without a session");
    const session = await openSession(target, NOTHING);
    if (session === null) return pass("opens no session without a key");
    try {
      const stream = { ...withHeaders(session.headers, `in ${session.id}`, STREAM), name: "its stream" };
      return judgeGranted(
        await exchangeEach(target, [{ ...session.ask(), name: "its list" }, stream], [NOTHING]),
        target,
      );
    } finally {
      await session.end();
    }
  },
};
