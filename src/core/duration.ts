import { KeysError } from "../errors.ts";
import type { Epoch } from "./key.ts";

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;
/** A hundred years: beyond it a number is a slip of the keyboard. */
const LIMIT = 100 * 365 * 86_400;

/** The end of the year 9999, behind which there is no date in RFC 3339. */
export const LAST_SECOND = 253_402_300_799;

/**
 * Reads a duration such as `90s` `15m` `24h` `30d` `12w`.
 * @returns seconds
 * @throws {@link KeysError} `USAGE`
 * @example
 * ```ts
 * import { parseDuration } from "mcp-keys";
 *
 * parseDuration("24h"); // 86400
 * ```
 */
export function parseDuration(text: string): number {
  const match = /^(\d{1,10})([smhdw])$/.exec(text.trim());
  const seconds = match === null ? NaN : Number(match[1]) * SECONDS[match[2] as keyof typeof SECONDS];
  if (!(seconds <= LIMIT)) {
    throw new KeysError("USAGE", `${JSON.stringify(text)} is not a duration`, {
      hint: "write a number and one of s m h d w, such as 24h",
    });
  }
  return seconds;
}

/**
 * Reads when something expires: a duration from `now`, a date such as `2027-03-01` (its first second, UTC), or `never`.
 * @returns the first second at which it no longer works, or `null` for never
 * @throws {@link KeysError} `USAGE` for anything else and for what lies in the past
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
  const at = /^\d{4}-/.test(wanted) ? parseDate(wanted) : now + parseDuration(wanted);
  if (at <= now) {
    throw new KeysError("USAGE", `${JSON.stringify(text)} is not in the future`, { hint: "such as 90d, or never" });
  }
  return at;
}

/** `2027-03-01`, or a whole RFC 3339 time in UTC: `2027-03-01T12:00:00Z`. */
export function parseDate(text: string): Epoch {
  const match = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}:\d{2}Z)?$/.exec(text);
  const ms = match === null ? NaN : Date.parse(match[2] === undefined ? `${text}T00:00:00Z` : text);
  // Date.parse turns 31 April into 1 May; the way back shows it.
  if (Number.isNaN(ms) || !formatTime(ms / 1000).startsWith(text.slice(0, 10))) {
    throw new KeysError("USAGE", `${JSON.stringify(text)} is not a date`, {
      hint: "write it as 2027-03-01, or as a duration such as 90d",
    });
  }
  return ms / 1000;
}

/**
 * RFC 3339 in UTC, without fractions: `2027-03-01T00:00:00Z`.
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
 * A length of time for people, in its largest fitting unit, rounded down: `3d`, `25h`, `40s`.
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
