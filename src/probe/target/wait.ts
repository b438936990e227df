import { isConversation, isAccepted, isInconclusive, type Attempt } from "../verify/attempt.ts";
import type { Cost } from "../check.ts";
import type { Credentials } from "../mcp/credentials.ts";
import type { Target } from "./target.ts";
import { sleep } from "../mcp/sleep.ts";
import { approachBriefly } from "../verify/survey.ts";

/** What a wait came to. */
export interface Waited {
  /** Seconds until the server did what was waited for, rounded up to tenths; `null` when it did not in time. */
  readonly seconds: number | null;
  /** Its last answer. */
  readonly last: Attempt;
}

/** How long the server may take to follow its store, where nobody says otherwise. Milliseconds. */
export const PATIENCE = 10_000;
/** How often it is asked in that time: at once, then ever more rarely, and at the end. */
const ASKS = 10;
/** Each time so many times as late as the time before. */
const GROWTH = 2.1;
/** So many answers one after the other are believed: behind one address there may be several servers. */
const SURE = 2;
/** The most that one wait sends: a conversation in a session takes four requests. */
export const WAIT_COST = costOf(ASKS + SURE);
/** The most that two waits send, one for the key to be let in, and a few questions beside them. */
export const LIFE_COST = costOf(2 * (ASKS + SURE) + 3);

/** Asks again and again until a key is let in, or is not, for certain. Answers that prove nothing are neither. */
export async function waitUntil(target: Target, key: Credentials, wanted: "in" | "out"): Promise<Waited> {
  const started = target.now();
  let seconds = 0;
  let row = 0;
  for (let asked = 1; ; asked++) {
    const last = await askAnew(target, key);
    const took = target.now() - started;
    row = (wanted === "in" ? isAccepted(last) : isOut(last)) ? row + 1 : 0;
    if (row === 1) seconds = Math.ceil(took / 100) / 10;
    if (row === SURE) return { seconds, last };
    if (took >= target.patienceMs || asked >= ASKS + SURE) return { seconds: null, last };
    const due = target.patienceMs * Math.min(1, GROWTH ** (asked - ASKS + 1));
    if (row === 0) await sleep(Math.max(0, due - took), target.signal);
  }
}

/** As {@link Target.ask}, whatever was seen before. */
export function askAnew(target: Target, key: Credentials): Promise<Attempt> {
  const { greeting, survey } = target;
  return approachBriefly(target.wire(key), greeting, survey.direct.includes(greeting.era));
}

function isOut(attempt: Attempt): boolean {
  return isConversation(attempt) && !attempt.accepted && !isInconclusive(attempt);
}

function costOf(asks: number): Cost {
  return { requests: 4 * asks, wrong: 4 * asks };
}
