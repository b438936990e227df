import { count } from "../core/count.ts";
import { isDigest } from "../core/digest.ts";
import { formatDuration, formatTime } from "../core/duration.ts";
import { endOf, isUsable } from "../core/judge.ts";
import type { Epoch, Key, Version } from "../core/key.ts";
import type { Secret } from "../core/secret.ts";
import { EXPIRING_WITHIN, keyEnd } from "../core/status.ts";
import { parseToken } from "../core/token.ts";
import type { Context } from "./context.ts";
import { addStore } from "./hint.ts";
import type { Io } from "./terminal/io.ts";

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
/** Milliseconds for a look into the store that the command does not depend on. */
const LOOKUP_LIMIT = 2_000;

/** Returns `expires 2027-02-25`, with the time of day if that is near, or `never expires`. */
export function expiryText(at: Epoch | null, now: Epoch): string {
  if (at === null) return "never expires";
  const time = formatTime(at);
  return `expires ${at - now < 2 * DAY ? time : time.slice(0, 10)}`;
}

/** Returns the day on which the last valid version of a key ends, `never`, or `-` if no version is valid. */
export function lastDay(key: Key, now: Epoch): string {
  const end = keyEnd(key, now);
  if (end === null) return "-";
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

/** Warns about a token that works now and ends within two weeks. Names the version to use instead, if there is one. */
export function warnIfEnding(ctx: Context, { key: { name, versions }, version }: { key: Key; version: Version }): void {
  const now = ctx.world.now();
  const end = endOf(version);
  if (!isUsable(version, now) || end - now >= EXPIRING_WITHIN) return;
  const newer = versions.findLast((each) => each.state === "current" && isUsable(each, now) && endOf(each) > end);
  const advice =
    newer === undefined
      ? addStore(`replace it with: mcp-keys rotate ${name}`, ctx.flags.store)
      : `use the token of version ${String(newer.n)} instead`;
  const left = formatDuration(end - now);
  ctx.io.warn(
    `the token of ${name}, version ${String(version.n)}, stops working in ${left}, at ${formatTime(end)}; ${advice}`,
  );
}

/**
 * Warns like {@link warnIfEnding} if the store at hand knows the token. Never fails, prompts or reads a keychain: the token may
 * belong to another store, and the command does not need one.
 */
export async function warnIfKnownToEnd(ctx: Context, token: Secret): Promise<void> {
  const tooLong = new Promise<null>((resolve) => void setTimeout(resolve, LOOKUP_LIMIT, null).unref());
  const found = await Promise.race([findVersion(ctx, token), tooLong]).catch(() => null);
  if (found === null) ctx.io.debug("the store does not tell when the token ends");
  else if (found !== "lasting") warnIfEnding(ctx, found);
}

/**
 * Finds the version of a token that a server accepted. If the digests are in a keychain, takes the version that ends last.
 * @returns `lasting` if no version of its key ends soon, and `null` if the store does not know the token
 */
async function findVersion(ctx: Context, token: Secret): Promise<{ key: Key; version: Version } | "lasting" | null> {
  const parsed = parseToken(token.reveal());
  if (!parsed.ok) return null;
  const key = await (await ctx.store()).get(parsed.id, { digests: false });
  if (key?.id !== parsed.id) return null;
  const now = ctx.world.now();
  const usable = key.versions.filter((version) => isUsable(version, now));
  if (usable.every((version) => endOf(version) - now >= EXPIRING_WITHIN)) return usable.length === 0 ? null : "lasting";
  if (key.versions.some(({ digest }) => isDigest(digest))) {
    const verdict = await (await ctx.keys()).check(token.reveal());
    return verdict.ok ? verdict : null;
  }
  const [last] = usable.sort((a, b) => endOf(b) - endOf(a));
  return last === undefined ? null : { key, version: last };
}
