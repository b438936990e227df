import { holds, untestable, type Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { STREAM, withHeaders } from "../mcp/planned-requests.ts";
import { exchangeEach, judgeOpened } from "../judge/judge-granted.ts";
import { OPENING, openSession } from "../target/session.ts";
import { findOpen } from "../judge/judge-refused.ts";

export const rejectsAnonymousSession: Check = {
  id: "rejects-anonymous-session",
  group: "door",
  about: "door",
  level: "must",
  expects: "a session that was opened without a key is of no use",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  mend: "open no session before the key was looked at, and ask for it with every message",
  needs: ["let-in", "session"],
  cost: { requests: OPENING + 4, wrong: OPENING + 4 },
  async run(site) {
    const open = await findOpen(site, [NOTHING]);
    if (open !== null) return untestable("anybody is let in already, with a session or without");
    const session = await openSession(site, NOTHING);
    if (session === null) return holds("no session is opened without a key");
    try {
      const stream = { ...withHeaders(session.headers, `in ${session.id}`, STREAM), name: "its stream" };
      return judgeOpened(await exchangeEach(site, [{ ...session.ask(), name: "its list" }, stream], [NOTHING]), site);
    } finally {
      await session.end();
    }
  },
};
