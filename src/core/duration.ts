import { KeysError } from "../errors.ts";
import type { Epoch } from "./key.ts";
import { isCount } from "./type-guards.ts";

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;
/** A hundred years; longer durations are typing mistakes. */
const LIMIT = 100 * 365 * 86_400;

/** The last second of the year 9999, the last date that RFC 3339 can write. */
export const LAST_SECOND = 253_402_300_799;

/** Returns whether a value is a time in whole seconds that RFC 3339 can write. A time in milliseconds is later. */
export function isEpoch(value: unknown): value is Epoch {
  return isCount(value) && value <= LAST_SECOND;
}

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
    throw new KeysError("USAGE", `${quote(text)} is not a duration`, {
      hint: `${adviseDuration(text)}use a whole number and one of s m h d w, such as 24h`,
    });
  }
  return seconds;
}

/**
 * Parses an expiry: a duration from `now`, a date such as `2027-03-01` (its first second, UTC), a time such as
 * `2027-03-01T12:00:00Z` (RFC 3339, rounded down to a second), or `never`.
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
  if (seconds === null && !isLikeDate(wanted)) {
    throw new KeysError("USAGE", `${quote(text)} is not a duration or date`, {
      hint: `${adviseDuration(text)}use 90d, 2027-03-01 or never`,
    });
  }
  const at = seconds === null ? parseDate(wanted) : now + seconds;
  if (at <= now) {
    throw new KeysError("USAGE", `${quote(text)} is not in the future`, { hint: "use 90d, 2027-03-01 or never" });
  }
  return at;
}

/**
 * Parses the start of a period: a duration before `now`, a date or a time.
 * @param now - epoch seconds
 */
export function parseSince(text: string, now: Epoch): Epoch {
  const seconds = secondsOf(text.trim());
  if (seconds !== null) return now - seconds;
  if (isLikeDate(text)) return parseDate(text);
  throw new KeysError("USAGE", `${quote(text)} is not a duration or date`, {
    hint: `${adviseDuration(text)}use 30d or 2026-03-01`,
  });
}

/** Returns the seconds of a duration, or `null` if the text is none. */
function secondsOf(text: string): number | null {
  const match = /^(\d{1,10})([smhdw])$/.exec(text);
  if (match === null) return null;
  const seconds = Number(match[1]) * SECONDS[match[2] as keyof typeof SECONDS];
  if (seconds <= LIMIT) return seconds;
  throw new KeysError("USAGE", `${text} is longer than a hundred years`, { hint: "use 36500d or less" });
}

/** Returns whether a text is meant as a date and not as a duration. */
function isLikeDate(text: string): boolean {
  return /^\s*\d{4}-/.test(text);
}

const TIME = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?(?:[Zz]|([+-])(\d{2}):(\d{2})))?$/;

/**
 * Parses `2027-03-01`, or a time in RFC 3339: `2027-03-01T12:00:00Z`, also with a fraction or an offset. The fraction is cut off,
 * so a key ends early rather than late. A leap second is refused.
 */
export function parseDate(text: string): Epoch {
  const [, day = "", time = "00:00:00", sign, hours = "0", minutes = "0"] = TIME.exec(text.trim()) ?? [];
  const local = Date.parse(`${day}T${time}Z`) / 1000;
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -60 : 60);
  const at = local - offset;
  // Date.parse turns 31 April into 1 May and 24:00 into the next day; formatting the result back reveals that.
  const isReal =
    !Number.isNaN(local) && formatTime(local).startsWith(day) && Number(hours) < 24 && Number(minutes) < 60;
  if (isReal && at >= 0 && at <= LAST_SECOND) return at;
  const isLocal = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/.test(text.trim());
  throw new KeysError("USAGE", `${quote(text)} is not a date`, {
    hint: isLocal
      ? "write the seconds and the time zone: 2027-03-01T12:00:00Z"
      : "use 2027-03-01 or 2027-03-01T12:00:00Z, or a duration such as 90d",
  });
}

/** Other spellings of a unit, with the unit that we take and how many of it. The first pattern that matches counts. */
const SPELLINGS: readonly (readonly [spelling: RegExp, unit: string, factor: number])[] = [
  [/^(s|secs?|seconds?)$/i, "s", 1],
  [/^(m|mins?|minutes?)$/, "m", 1],
  [/^(h|hrs?|hours?)$/i, "h", 1],
  [/^(d|days?)$/i, "d", 1],
  [/^(w|wks?|weeks?)$/i, "w", 1],
  // An upper-case M is a month in ISO 8601.
  [/^(M|mo|mos|mon|mths?|months?)$/i, "d", 30],
  [/^(y|yrs?|years?)$/i, "d", 365],
];

/**
 * Returns the right form of a duration in a common other form, for the start of a hint: `for 1y write 365d; `. An empty text
 * if the form is not known.
 */
function adviseDuration(text: string): string {
  const [, digits = "", word = ""] = /^\s*\+?\s*(\d{1,6})\s*([A-Za-z]*)\s*$/.exec(text) ?? [];
  if (digits === "") return "";
  if (word === "") return `add a unit, such as ${digits}s for seconds or ${digits}d for days; `;
  const [, unit, factor] = SPELLINGS.find(([spelling]) => spelling.test(word)) ?? [];
  if (unit === undefined || factor === undefined) return "";
  const form = `${String(Number(digits) * factor)}${unit}`;
  return word === unit && !text.includes("+") && !/\s/.test(text.trim()) ? "" : `for ${text.trim()} write ${form}; `;
}

/** Quotes the start of a text, which may be anything. */
function quote(text: string): string {
  return JSON.stringify(text.slice(0, 40));
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
