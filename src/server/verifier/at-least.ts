import { readOptions, checkArgument, type Rule } from "../../core/options.ts";
import { formatPosition, isPosition, parsePosition, type Position } from "../../core/position.ts";
import { KeysError } from "../../errors.ts";
import type { StoreFollower } from "./follow.ts";
import { INTERVAL } from "./verifier-options.ts";

/**
 * Options of {@link Verifier.atLeast}.
 * @example
 * ```ts
 * import type { AtLeastOptions } from "mcp-keys";
 *
 * const patient: AtLeastOptions = { timeout: 60 };
 * ```
 */
export interface AtLeastOptions {
  /** Seconds to wait. 10 by default. */
  readonly timeout?: number;
}

const POSITION: Rule = {
  what: "a position",
  is: isPosition,
  hint: "pass { epoch, seq } or the text epoch.seq, as generate, rotate, revoke and update print it with --json",
};

/**
 * Waits until the follower of the store that has the epoch has applied everything up to a position, and the store knows.
 * @throws {@link KeysError} `STORE_BEHIND`, `POSITION_UNKNOWN`, `USAGE`
 */
export async function waitForPosition(
  followers: readonly StoreFollower[],
  position: Position | string,
  options: AtLeastOptions = {},
): Promise<void> {
  const { timeout = 10 } = readOptions<AtLeastOptions>("atLeast", options, { timeout: INTERVAL });
  if (typeof position !== "string") checkArgument("the position", position, POSITION);
  const wanted = typeof position === "string" ? parsePosition(position) : position;
  const find = () => followers.find(({ position: { epoch } }) => epoch === wanted.epoch);

  const isCovered = () => find()?.covers(wanted) === true;
  let timer: NodeJS.Timeout | undefined;
  let wake = (): void => undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), timeout * 1000);
  });
  const stops = followers.map((follower) => follower.onProgress(() => wake()));
  const refreshTwice = async (): Promise<void> => {
    await refresh(followers);
    if (!isCovered()) await refresh(followers);
  };
  try {
    if (isCovered()) return;
    // The first read may have been under way before the call.
    let outcome = await Promise.race([late, refreshTwice()]);
    while (!isCovered()) {
      if (outcome === "late") throw behind(find(), wanted);
      if (find() === undefined && followers.every(({ isFailing }) => !isFailing)) throw unknown(wanted);
      outcome = await Promise.race([late, new Promise<void>((resolve) => (wake = resolve))]);
    }
  } finally {
    clearTimeout(timer);
    for (const stop of stops) stop();
  }
}

async function refresh(followers: readonly StoreFollower[]): Promise<void> {
  await Promise.all(followers.map((follower) => follower.refresh()));
}

function behind(follower: StoreFollower | undefined, wanted: Position): KeysError {
  const at = follower === undefined ? "has not read that history" : `is at ${formatPosition(follower.position)}`;
  return new KeysError("STORE_BEHIND", `this server ${at} and has not confirmed ${formatPosition(wanted)} yet`);
}

function unknown({ epoch }: Position): KeysError {
  return new KeysError("POSITION_UNKNOWN", `no store of this server has the history ${epoch}`);
}
