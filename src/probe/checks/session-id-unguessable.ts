import type { Check } from "../check.ts";
import { fail, pass, untestable } from "../check-result.ts";
import { openSession } from "../target/session.ts";

/** Two random ids of 64 bits differ in about as many bits; consecutive numbers differ in a few. */
const MIN_BITS = 48;

export const sessionIdUnguessable: Check = {
  id: "session-id-unguessable",
  group: "session",
  about: "conformance",
  level: "should",
  expected: "creates session ids that cannot be guessed from earlier ones",
  source: new URL("https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management"),
  fix: "create session ids with crypto.randomUUID()",
  needs: ["accepted", "session"],
  cost: { requests: 6, wrong: 0 },
  async run(target) {
    const ids: string[] = [];
    for (let i = 0; i < 2; i++) {
      const session = await openSession(target);
      if (session === null) return untestable("the server opened no session");
      ids.push(session.id);
      await session.end();
    }
    const [first = "", second = ""] = ids;
    if (first === second) return fail("two sessions have the same id");
    const bits = guessBits(first, second);
    const length = String(second.length);
    if (bits >= MIN_BITS) return pass(`two ids of ${length} characters have little in common`);
    return fail(`two ids of ${length} characters differ in at most ${String(Math.round(bits))} bits`);
  },
};

/** Alphabets of session ids, smallest first, with their number of characters. */
const ALPHABETS: readonly (readonly [pattern: RegExp, size: number])[] = [
  [/^[0-9]*$/, 10],
  [/^[0-9a-f-]*$/i, 16],
  [/^(?:[0-9A-Z_-]*|[0-9a-z_-]*)$/, 38],
];

/** All visible ASCII characters. */
const ASCII_SIZE = 94;

/** Returns how many bits of an id are unknown to someone who knows the id before it; an upper bound. */
export function guessBits(before: string, id: string): number {
  const size = ALPHABETS.find(([pattern]) => pattern.test(before + id))?.[1] ?? ASCII_SIZE;
  const differing = Array.from(id).filter((character, i) => character !== before[i]).length;
  return differing * Math.log2(size);
}
