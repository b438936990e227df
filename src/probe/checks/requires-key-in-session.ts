import { KeysError } from "../../errors.ts";
import type { Check } from "../check.ts";
import { fail, untestable } from "../check-result.ts";
import { NOTHING } from "../mcp/presented-key.ts";
import { noteTried } from "../judge/evidence.ts";
import { DELETE, STREAM, withHeaders } from "../mcp/planned-request.ts";
import { exchangeEach, isGranted, judgeGranted } from "../judge/judge-granted.ts";
import { OPEN_SESSION_REQUESTS, openSession } from "../target/session.ts";
import { findAccepted } from "../judge/judge-refused.ts";
import type { ExchangeResult, Target, OpenSession } from "../target/target.ts";

export const requiresKeyInSession: Check = {
  id: "requires-key-in-session",
  group: "rejection",
  about: "access",
  level: "must",
  expected: "requires a key for every request in a session",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  fix: "check the key with every message: a session id proves nothing",
  needs: ["accepted", "session"],
  cost: { requests: OPEN_SESSION_REQUESTS + 10, wrong: 5 },
  async run(target) {
    const wrongKeys = [NOTHING, target.wrong];
    const accepted = await findAccepted(target, wrongKeys);
    if (accepted !== null) return untestable(`already accepted with ${accepted.name}, without a session`);
    const session = await openSession(target);
    if (session === null) return untestable("the server opened no session");
    try {
      const stream = { ...withHeaders(session.headers, `in ${session.id}`, STREAM), name: "its stream" };
      const result = judgeGranted(
        await exchangeEach(target, [{ ...session.ask(), name: "its list" }, stream], wrongKeys),
        target,
      );
      if ("pass" in result && !result.pass) return result;
      const ended = await endWithoutKey(target, session);
      if (ended === null) return result;
      const tried = noteTried(target, [{ what: "DELETE with no key", result: ended, shows: true }]);
      return fail("a request without a key ended the session", { tried });
    } finally {
      await session.end();
    }
  },
};

/** Returns the answer to a DELETE without a key if it ended a session that worked until then. */
async function endWithoutKey(target: Target, session: OpenSession): Promise<ExchangeResult | null> {
  const ask = async (): Promise<ExchangeResult> => target.exchange(session.ask(), target.valid);
  for (let times = 0; times < 2; times++) if (!isGranted(session.ask(), await ask())) return null;
  const ended = await target.exchange(withHeaders(session.headers, session.id, DELETE), NOTHING);
  if (ended instanceof KeysError || ended.status >= 300) return null;
  const after = await ask();
  const isOver = !(after instanceof KeysError) && (after.status === 404 || after.status === 400);
  return isOver ? ended : null;
}
