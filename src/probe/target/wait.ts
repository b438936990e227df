import type { Cost } from "../check-result.ts";
import type { PresentedKey } from "../mcp/presented-key.ts";
import { sleep } from "../../core/sleep.ts";
import { isAccepted, isConversation, isInconclusive, type Attempt } from "../verify/attempt.ts";
import { attemptBriefly } from "../verify/survey.ts";
import type { WaitResult } from "./canaries.ts";
import type { Target } from "./target.ts";

/** Default time in milliseconds for the server to notice a change in its store. */
export const DEFAULT_PATIENCE_MS = 10_000;
/** Attempts in that time: the first at once, the last at its end. */
const ATTEMPTS = 10;
/** Factor between the times of two attempts. */
const GROWTH = 2.1;
/** Consecutive answers required, because several servers may share one URL. */
const CONFIRMATIONS = 2;
/** Cost of one wait. A conversation in a session takes four requests. */
export const WAIT_COST = costOf(ATTEMPTS + CONFIRMATIONS);
/** Cost of two waits (the first until the key is accepted) and a few single requests. */
export const LIFECYCLE_COST = costOf(2 * (ATTEMPTS + CONFIRMATIONS) + 3);

/** Presents a key repeatedly until the server accepts or refuses it. Inconclusive answers count as neither. */
export async function waitUntil(
  target: Target,
  key: PresentedKey,
  wanted: "accepted" | "refused",
): Promise<WaitResult> {
  const started = target.now();
  let seconds = 0;
  let confirmed = 0;
  for (let asked = 1; ; asked++) {
    const last = await askAgain(target, key);
    const took = target.now() - started;
    confirmed = (wanted === "accepted" ? isAccepted(last) : isRefused(last)) ? confirmed + 1 : 0;
    if (confirmed === 1) seconds = Math.ceil(took / 100) / 10;
    if (confirmed === CONFIRMATIONS) return { seconds, last };
    if (took >= target.patienceMs || asked >= ATTEMPTS + CONFIRMATIONS) return { seconds: null, last };
    const due = target.patienceMs * Math.min(1, GROWTH ** (asked - ATTEMPTS + 1));
    if (confirmed === 0) await sleep(Math.max(0, due - took), target.signal);
  }
}

/** Does the same as {@link Target.ask}, but always sends a request. */
export function askAgain(target: Target, key: PresentedKey): Promise<Attempt> {
  const { greeting, survey } = target;
  return attemptBriefly(target.wire(key), greeting, survey.handshakeFree.includes(greeting.era));
}

function isRefused(attempt: Attempt): boolean {
  return isConversation(attempt) && !attempt.accepted && !isInconclusive(attempt);
}

function costOf(attempts: number): Cost {
  return { requests: 4 * attempts, wrong: 4 * attempts };
}
