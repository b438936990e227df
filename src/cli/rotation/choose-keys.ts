import type { Epoch, Key, Status } from "../../core/key.ts";
import { keyStatus } from "../../core/status.ts";
import { KeysError } from "../../errors.ts";
import { tagsOf } from "../flags.ts";
import type { RotateFlags } from "./flags.ts";

/** A key that `--all` leaves out, and why. */
export interface LeftOut {
  readonly key: Key;
  readonly status: Status;
}

/** Keys with these statuses work. Others ended on purpose, or by their expiry. */
const WORKING: readonly Status[] = ["active", "expiring"];

/**
 * Chooses the keys of `rotate --all`: those that work and have all of the tags, in the order of creation.
 * @throws {@link KeysError} `KEY_NOT_FOUND` if there is none: a mistyped tag must not look like a success
 */
export function chooseKeys(
  all: readonly Key[],
  { tag }: Pick<RotateFlags, "tag">,
  now: Epoch,
): { chosen: Key[]; leftOut: LeftOut[] } {
  const tags = Object.entries(tagsOf(tag));
  const matching = all
    .filter((key) => tags.every(([name, value]) => key.tags[name] === value))
    .map((key) => ({ key, status: keyStatus(key, now) }));
  const chosen = matching.filter(({ status }) => WORKING.includes(status)).map(({ key }) => key);
  const leftOut = matching.filter(({ status }) => !WORKING.includes(status));
  if (chosen.length === 0) {
    const some = leftOut.length === 0 ? "" : `: ${describeLeftOut(leftOut)}`;
    throw new KeysError(
      "KEY_NOT_FOUND",
      `no active key ${tags.length > 0 ? "has these tags" : "is in the store"}${some}`,
    );
  }
  return { chosen, leftOut };
}

/** Lists keys with their status: `old (revoked), test (disabled)`. */
export function describeLeftOut(keys: readonly LeftOut[]): string {
  return keys.map(({ key, status }) => `${key.name} (${status})`).join(", ");
}
