import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { guessBits } from "../guess.ts";
import { openSession } from "../target/session.ts";

/** Two random ids of 64 bits differ in about as many; those that are counted up differ in a few. */
const ENOUGH = 48;

export const sessionIdUnguessable: Check = {
  id: "session-id-unguessable",
  group: "session",
  about: "conformance",
  level: "should",
  expected: "a session id cannot be guessed from another one",
  source: new URL("https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management"),
  fix: "draw session ids at random, with crypto.randomUUID() or more",
  needs: ["accepted", "session"],
  cost: { requests: 6, wrong: 0 },
  async run(target) {
    const ids: string[] = [];
    for (let i = 0; i < 2; i++) {
      const session = await openSession(target);
      if (session === null) return untestable("no session was opened");
      ids.push(session.id);
      await session.end();
    }
    const [one = "", other = ""] = ids;
    if (one === other) return fail("two sessions have one id");
    const bits = guessBits(one, other);
    if (bits >= ENOUGH) return pass(`two ids of ${String(other.length)} characters have little in common`);
    return fail(`two ids of ${String(other.length)} characters differ in ${String(Math.round(bits))} bits at most`);
  },
};
