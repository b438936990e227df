import { KeysError } from "../errors.ts";
import type { Epoch } from "./key.ts";

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;
/** A hundred years; longer durations are typing mistakes. */
const LIMIT = 100 * 365 * 86_400;

/** The last second of the year 9999, the last date that RFC 3339 can write. */
export const LAST_SECOND = 253_402_300_799;

/**
 * Parses a duration: a whole number and one of `s m h d w`, for example `90s`, `24h` or `30d`. At most a hundred years.
 * @returns seconds
 * @throws {@link KeysError} `USAGE` for any other text
 * @example
 * ```ts
 * import { parseDuration } from "mcp-keys";
 *
 * parseDuration("24h"); // 86400
 * ```
 */
export function parseDuration(text: string): number {
  const seconds = secondsOf(text.trim());
  if (seconds === null) {
    throw new KeysError("USAGE", `${JSON.stringify(text)} is not a duration`, {
      hint: "use a number and one of s m h d w, such as 24h",
    });
  }
  return seconds;
}

/**
 * Parses an expiry: a duration from `now`, a date such as `2027-03-01` (its first second, UTC), a time such as
 * `2027-03-01T12:00:00Z` (RFC 3339), or `never`.
 * @param now - epoch seconds
 * @returns the first second at which the version no longer works, in epoch seconds, or `null` for never
 * @throws {@link KeysError} `USAGE` for any other text and for a time in the past
 * @example
 * ```ts
 * import { parseExpiry } from "mcp-keys";
 *
 * const now = Math.floor(Date.now() / 1000);
 * parseExpiry("90d", now); // now + 7776000
 * parseExpiry("2099-03-01", now); // 4076006400
 * parseExpiry("never", now); // null
 * ```
 */
export function parseExpiry(text: string, now: Epoch): Epoch | null {
  const wanted = text.trim();
  if (wanted === "never") return null;
  const seconds = secondsOf(wanted);
  if (seconds === null && !/^\d{4}-/.test(wanted)) {
    throw new KeysError("USAGE", `${JSON.stringify(text)} is not a duration or date`, {
      hint: "use 90d, 2027-03-01 or never",
    });
  }
  const at = seconds === null ? parseDate(wanted) : now + seconds;
  if (at <= now) {
    throw new KeysError("USAGE", `${JSON.stringify(text)} is not in the future`, {
      hint: "use 90d, 2027-03-01 or never",
    });
  }
  return at;
}

function secondsOf(text: string): number | null {
  const match = /^(\d{1,10})([smhdw])$/.exec(text);
  const seconds = match === null ? NaN : Number(match[1]) * SECONDS[match[2] as keyof typeof SECONDS];
  return seconds <= LIMIT ? seconds : null;
}

/** Parses `2027-03-01` or a whole RFC 3339 time in UTC, `2027-03-01T12:00:00Z`. */
export function parseDate(text: string): Epoch {
  const match = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}:\d{2}Z)?$/.exec(text);
  const ms = match === null ? NaN : Date.parse(match[2] === undefined ? `${text}T00:00:00Z` : text);
  // Date.parse turns 31 April into 1 May; formatting the result back reveals that.
  if (Number.isNaN(ms) || !formatTime(ms / 1000).startsWith(text.slice(0, 10))) {
    throw new KeysError("USAGE", `${JSON.stringify(text)} is not a date`, {
      hint: "use 2027-03-01, or a duration such as 90d",
    });
  }
  return ms / 1000;
}

/**
 * Formats epoch seconds as RFC 3339 in UTC, without fractions: `2027-03-01T00:00:00Z`.
 * @example
 * ```ts
 * import { formatTime } from "mcp-keys";
 *
 * formatTime(1_803_859_200); // "2027-03-01T00:00:00Z"
 * ```
 */
export function formatTime(at: Epoch): string {
  return new Date(at * 1000).toISOString().replace(".000Z", "Z");
}

/**
 * Formats seconds in the largest unit that fits at least twice, rounded down: `3d`, `25h`, `40s`.
 * @example
 * ```ts
 * import { formatDuration } from "mcp-keys";
 *
 * formatDuration(90_000); // "25h"
 * ```
 */
export function formatDuration(seconds: number): string {
  const [unit, size] = (
    [
      ["d", 86_400],
      ["h", 3_600],
      ["m", 60],
    ] as const
  ).find(([, s]) => seconds >= 2 * s) ?? ["s", 1];
  return `${String(Math.floor(seconds / size))}${unit}`;
}
