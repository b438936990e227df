import { breaks, holds, untestable, type Check } from "../check.ts";
import { DELETE, withHeaders } from "../mcp/planned-requests.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import { openSession } from "../target/session.ts";

export const sessionEnds: Check = {
  id: "session-ends",
  group: "session",
  about: "manners",
  level: "must",
  expects: "a session that was ended is 404 from then on, unless the server does not let clients end sessions",
  source: new URL("https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management"),
  mend: "forget the session on DELETE and answer 404 to its id, or answer 405 to DELETE",
  needs: ["let-in", "session"],
  cost: { requests: 4, wrong: 0 },
  async run(site) {
    const session = await openSession(site);
    if (session === null) return untestable("no session was opened");
    const ended = await site.exchange(withHeaders(session.headers, session.id, DELETE), site.right);
    if (!("status" in ended)) return untestable(site.clean(ended.message));
    if (ended.status === 405) return holds("405: clients do not end sessions here");
    if (ended.status >= 300) return untestable(`DELETE gets ${String(ended.status)}`);
    const after = await site.exchange(session.ask(), site.right);
    if (!("status" in after)) return untestable(site.clean(after.message));
    if (after.status === 404) return holds("404 after DELETE");
    return breaks(`${String(after.status)} after DELETE${kindOf(after) === "result" ? ", with a result" : ""}`);
  },
};
