import { KeysError } from "../errors.ts";
import { formatTime, LAST_SECOND } from "./duration.ts";
import type { Epoch } from "./key.ts";

/** Seconds by which the clocks of two machines commonly differ. */
export const CLOCK_TOLERANCE = 60;

/**
 * Rejects a clock that shows a time before something that has happened. With such a clock, an overlap could end in the past.
 * @param latest - what happened, in words that complete "but", and when
 * @param recovery - what to do if the clock is right, because another one was ahead
 * @throws {@link KeysError} `CLOCK_BEHIND` if `now` is more than a minute before it
 */
export function checkClock(now: Epoch, latest: { what: string; at: Epoch }, recovery: string): void {
  if (latest.at <= now + CLOCK_TOLERANCE) return;
  const [shown, known] = [now, latest.at].map((at) => formatTime(Math.min(at, LAST_SECOND)));
  throw new KeysError("CLOCK_BEHIND", `the clock shows ${shown ?? ""}, but ${latest.what} ${known ?? ""}`, {
    hint: `set the clock and run the same command again; if it is right, another clock was ahead: ${recovery}`,
  });
}
