import { KeysError } from "../../errors.ts";
import { breaks, untestable, type Check } from "../check.ts";
import { NOTHING } from "../mcp/credentials.ts";
import { DELETE, STREAM, withHeaders } from "../mcp/planned-requests.ts";
import { exchangeEach, isOpened, judgeOpened } from "../judge/judge-granted.ts";
import { OPENING, openSession, type OpenSession } from "../target/session.ts";
import { findOpen } from "../judge/judge-refused.ts";
import type { Seen, Site } from "../target/target.ts";

export const requiresKeyInSession: Check = {
  id: "requires-key-in-session",
  group: "door",
  about: "door",
  level: "must",
  expects: "a session of your key is of no use without it",
  source: new URL(
    "https://modelcontextprotocol.io/specification/2025-11-25/basic/security_best_practices#session-hijacking",
  ),
  mend: "ask for the key with every message; a session id is a name, and proves nothing",
  needs: ["let-in", "session"],
  cost: { requests: OPENING + 10, wrong: 5 },
  async run(site) {
    const strangers = [NOTHING, site.wrong];
    const open = await findOpen(site, strangers);
    if (open !== null) return untestable(`${open.name} is let in already, without a session`);
    const session = await openSession(site);
    if (session === null) return untestable("your key was given no session");
    try {
      const stream = { ...withHeaders(session.headers, `in ${session.id}`, STREAM), name: "its stream" };
      const sight = judgeOpened(
        await exchangeEach(site, [{ ...session.ask(), name: "its list" }, stream], strangers),
        site,
      );
      if ("holds" in sight && !sight.holds) return sight;
      return (await isEndedByAnybody(site, session))
        ? breaks("the session was ended by a request without a key")
        : sight;
    } finally {
      await session.end();
    }
  },
};

/** Whether a DELETE without a key was taken, and the session is not there any more that went on until then. */
async function isEndedByAnybody(site: Site, session: OpenSession): Promise<boolean> {
  const ask = async (): Promise<Seen> => site.exchange(session.ask(), site.right);
  for (let times = 0; times < 2; times++) if (!isOpened(session.ask(), await ask())) return false;
  const ended = await site.exchange(withHeaders(session.headers, session.id, DELETE), NOTHING);
  if (ended instanceof KeysError || ended.status >= 300) return false;
  const after = await ask();
  return !(after instanceof KeysError) && (after.status === 404 || after.status === 400);
}
