import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { DELETE, withHeaders } from "../mcp/planned-request.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import { openSession } from "../target/session.ts";

export const sessionEnds: Check = {
  id: "session-ends",
  group: "session",
  about: "conformance",
  level: "must",
  expected: "answers 404 in a session that was ended, or does not let clients end sessions",
  source: new URL("https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management"),
  fix: "end the session on DELETE and answer 404 to its id, or answer 405 to DELETE",
  needs: ["accepted", "session"],
  cost: { requests: 4, wrong: 0 },
  async run(target) {
    const session = await openSession(target);
    if (session === null) return untestable("the server opened no session");
    const ended = await target.exchange(withHeaders(session.headers, session.id, DELETE), target.valid);
    if (!("status" in ended)) return untestable(target.redact(ended.message));
    if (ended.status === 405) return pass("405: clients cannot end sessions");
    if (ended.status >= 300) return untestable(`${String(ended.status)} to DELETE`);
    const after = await target.exchange(session.ask(), target.valid);
    if (!("status" in after)) return untestable(target.redact(after.message));
    if (after.status === 404) return pass("404 after DELETE");
    return fail(`${String(after.status)} after DELETE${kindOf(after) === "result" ? ", with a result" : ""}`);
  },
};
