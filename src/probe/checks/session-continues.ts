import { KeysError } from "../../errors.ts";
import { breaks, holds, untestable, type Check } from "../check.ts";
import { isOpened } from "../judge/judge-granted.ts";
import { OPENING, openSession } from "../target/session.ts";

export const sessionContinues: Check = {
  id: "session-continues",
  group: "key",
  about: "manners",
  level: "must",
  expects: "a session of your key answers more than once",
  source: new URL("https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management"),
  mend: "keep the transport of a session until it is ended, and find it again by Mcp-Session-Id",
  needs: ["let-in", "session"],
  cost: { requests: OPENING + 3, wrong: 0 },
  async run(site) {
    const session = await openSession(site);
    if (session === null) return untestable("your key was given no session");
    try {
      const errands = [session.ask(), session.ask()];
      for (const [count, errand] of errands.entries()) {
        const seen = await site.exchange(errand, site.right);
        if (seen instanceof KeysError) return untestable(site.clean(seen.message));
        if (isOpened(errand, seen)) continue;
        return breaks(`${errand.name} was answered ${count === 0 ? "not even once" : "once and not again"}`);
      }
      return holds("answered twice in one session");
    } finally {
      await session.end();
    }
  },
};
