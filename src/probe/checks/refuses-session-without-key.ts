import { breaks, untestable, type Check } from "../check.ts";
import { NOTHING } from "../credentials.ts";
import { STREAM, withHeaders } from "../errands.ts";
import { exchangeEach, isOpened, judgeOpened } from "../opened.ts";
import { OPENING, openSession } from "../session.ts";
import { findOpen } from "../shut.ts";

export const refusesSessionWithoutKey: Check = {
  id: "refuses-session-without-key",
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
      // Twice before, since a session that goes on but once would seem to have been ended.
      const alive = async (): Promise<boolean> =>
        isOpened(session.ask(), await site.exchange(session.ask(), site.right));
      if (!(await alive()) || !(await alive())) return sight;
      await site.wire(NOTHING).end(session.headers);
      return (await alive()) ? sight : breaks("the session was ended by a request without a key");
    } finally {
      await session.end();
    }
  },
};
