import { pass, untestable, type Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { STREAM, withHeaders } from "../mcp/planned-requests.ts";
import { exchangeEach, judgeGranted } from "../judge/judge-granted.ts";
import { OPENING, openSession } from "../target/session.ts";
import { findOpen } from "../judge/judge-refused.ts";

export const rejectsAnonymousSession: Check = {
  id: "rejects-anonymous-session",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "a session that was opened without a key is of no use",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "open no session before the key was looked at, and ask for it with every message",
  needs: ["accepted", "session"],
  cost: { requests: OPENING + 4, wrong: OPENING + 4 },
  async run(target) {
    const open = await findOpen(target, [NOTHING]);
    if (open !== null) return untestable("anybody is let in already, with a session or without");
    const session = await openSession(target, NOTHING);
    if (session === null) return pass("no session is opened without a key");
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
