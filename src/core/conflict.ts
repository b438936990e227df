import { KeysError } from "../errors.ts";
import { formatTime } from "./duration.ts";
import { endOf, isUsable } from "./judge.ts";
import type { Epoch, Key, Version } from "./key.ts";
import { isRevoked } from "./status.ts";

/** Returns the version that was promoted since version `n` was staged, if any. */
export function overtakenBy(key: Key, n: number, staged: Key): Version | undefined {
  const wasPromoted = (each: Version) =>
    staged.versions.some((old) => old.n === each.n && old.promotedAt !== undefined);
  return key.versions.findLast((each) => each.n !== n && each.promotedAt !== undefined && !wasPromoted(each));
}

/** The change that kept a version from being promoted. */
export interface ConflictCause {
  readonly by: string;
  readonly at: Epoch;
  readonly runId: string | undefined;
}

/** Builds the `STORE_CONFLICT` of a version that cannot be promoted. It says what became of the version's token. */
export function overtaken(
  key: Key,
  n: number,
  staged: Key,
  now: Epoch,
  { isDelivered = true, cause }: { isDelivered?: boolean; cause?: ConflictCause | undefined } = {},
): KeysError {
  const newer = overtakenBy(key, n, staged);
  const version = key.versions.find((each) => each.n === n);
  const works = version !== undefined && isUsable(version, now);
  const happened =
    newer === undefined
      ? `is no longer pending but ${version?.state ?? "missing"}`
      : `was overtaken: version ${String(newer.n)} was promoted since it was staged`;
  const token = !isDelivered
    ? "nothing was delivered"
    : works
      ? `its token ${worksUntil(version)}`
      : "its token no longer works";
  const again =
    works || !isDelivered ? "run the same command again" : "run the same command again, without --if-older-than";
  const run = cause?.runId === undefined ? "" : ` in run ${cause.runId}`;
  const who = cause === undefined ? "" : `, by ${cause.by} at ${formatTime(cause.at)}${run}`;
  const hint = isRevoked(key)
    ? `issue a new key with this name: mcp-keys generate ${key.name} --replace`
    : isDelivered
      ? `${again}: the destination may hold this token`
      : again;
  return new KeysError("STORE_CONFLICT", `version ${String(n)} of ${key.name} ${happened}${who}; ${token}`, { hint });
}

function worksUntil(version: Version): string {
  const end = endOf(version);
  return end === Infinity ? "still works" : `works until ${formatTime(end)}`;
}
