import { count } from "../core/count.ts";
import { formatTime } from "../core/duration.ts";
import { endOf, isUsable } from "../core/judge.ts";
import type { Epoch, Key } from "../core/key.ts";
import type { Io } from "./terminal/io.ts";

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** Returns `expires 2027-02-25`, with the time of day if that is near, or `never expires`. */
export function expiryText(at: Epoch | null, now: Epoch): string {
  if (at === null) return "never expires";
  const time = formatTime(at);
  return `expires ${at - now < 2 * DAY ? time : time.slice(0, 10)}`;
}

/** Returns the day on which the last valid version of a key ends, `never`, or `-` if no version is valid. */
export function lastDay(key: Key, now: Epoch): string {
  const usable = key.versions.filter((version) => isUsable(version, now));
  if (usable.length === 0) return "-";
  const end = Math.max(...usable.map(endOf));
  return end === Infinity ? "never" : formatTime(end).slice(0, 10);
}

/** Warns about a key that expires within an hour: `6m` is six minutes, and some mean months. */
export function warnIfShort(io: Io, name: string, at: Epoch | null, now: Epoch): void {
  if (at === null || at - now >= HOUR) return;
  io.warn(`${name} expires in ${shortText(at - now)}${monthsAdvice(at - now)}`);
}

/** Warns about a flag whose duration is under an hour but makes sense in months. */
export function warnIfMinutes(io: Io, flag: string, seconds: number | undefined): void {
  if (seconds === undefined || seconds >= HOUR || monthsAdvice(seconds) === "") return;
  io.warn(`${flag} is ${shortText(seconds)}${monthsAdvice(seconds)}`);
}

function shortText(seconds: number): string {
  return seconds % MINUTE === 0 ? count(seconds / MINUTE, "minute") : count(seconds, "second");
}

function monthsAdvice(seconds: number): string {
  if (seconds < MINUTE || seconds % MINUTE !== 0) return "";
  const months = seconds / MINUTE;
  return `; for ${count(months, "month")} write ${String(months * 30)}d`;
}
