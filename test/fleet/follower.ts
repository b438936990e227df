/**
 * A server that follows a store, for the fleet tests: tries the tokens that it gets on stdin over and over, and records when it last
 * accepted each one and first refused it. The monotonic clock is the same in all processes of the machine.
 */
import { createInterface } from "node:readline";
import { createVerifier, KeysError, openStore, type Verifier } from "../../src/index.ts";

/** What the test writes to stdin, one a line. */
export type Order =
  | { readonly watch: string }
  | { readonly report: true }
  /** Sets the wall clock of this process by this many seconds. */
  | { readonly shift: number }
  | { readonly stop: true };

/** What the follower saw of a token, in nanoseconds of the monotonic clock; `null` for never. */
export interface Sighting {
  readonly accepted: string | null;
  readonly refused: string | null;
  /** The last answer: `accepted`, the reason of a refusal, or the code of an error. */
  readonly last: string | null;
}

const [spec = "", name = "", everyMs = "1", maxStaleness = "60"] = process.argv.slice(2);
const watched = new Map<string, { accepted: bigint | null; refused: bigint | null; last: string | null }>();
const open: string[] = [];

function look(verifier: Verifier): void {
  for (const token of open) {
    const seen = watched.get(token);
    if (seen === undefined) continue;
    let isAccepted = false;
    // Read before the verdict: an acceptance at this time was certainly not decided earlier.
    const at = process.hrtime.bigint();
    try {
      const verdict = verifier.verify(token);
      isAccepted = verdict.ok;
      seen.last = verdict.ok ? "accepted" : verdict.reason;
    } catch (fault) {
      // 503
      seen.last = fault instanceof KeysError ? fault.code : String(fault);
    }
    if (isAccepted) seen.accepted = at;
    else seen.refused ??= process.hrtime.bigint();
  }
}

/** Sets the wall clock, for everything in this process. */
function shiftClock(seconds: number): void {
  const now = Date.now.bind(Date);
  Date.now = () => now() + seconds * 1000;
}

const verifier = await createVerifier({ store: await openStore(spec), name, maxStaleness: Number(maxStaleness) });
const timer = setInterval(() => look(verifier), Number(everyMs));
const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as Order;
  if ("watch" in order) {
    watched.set(order.watch, { accepted: null, refused: null, last: null });
    open.push(order.watch);
    // Tokens that have ended long ago cost time and show nothing.
    if (open.length > 8) open.shift();
  } else if ("shift" in order) shiftClock(order.shift);
  else if ("report" in order) {
    const entries = [...watched];
    say(
      JSON.parse(JSON.stringify(entries, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value))),
    );
  } else break;
}
clearInterval(timer);
await verifier.close();
process.exit();
