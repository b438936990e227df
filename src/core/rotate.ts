import { KeysError } from "../errors.ts";
import type { Digest } from "./digest.ts";
import { findObstacles, type Evidence } from "./evidence.ts";
import { createVersion } from "./generate.ts";
import { requireNotRevoked } from "./revoke.ts";
import { isUsable } from "./judge.ts";
import { overtaken, overtakenBy } from "./conflict.ts";
import type { Epoch, Key, Version } from "./key.ts";
import { formatDuration } from "./duration.ts";

/** Seconds, longer than any run of `rotate` takes. The token of a younger version that was not promoted may still be on its way. */
export const RUN_LIMIT = 3_600;

/**
 * The steps of a rotation (see `docs/architecture.md`). Each takes a key and returns the changed key. Together they guarantee: a
 * delivered version works until a newer one is delivered and promoted and the overlap ends, unless it expires or is ended by
 * revoke, disable, finish or abort.
 */

/**
 * Adds a `pending` version; both versions work. A pending version of an interrupted run stays valid, because its token may have
 * reached a client.
 * @returns the key with the new version last, and the number of that version
 * @throws {@link KeysError} `KEY_NOT_ACTIVE` if the key was revoked
 */
export function stageVersion(
  key: Key,
  {
    digest,
    expiresAt,
    now,
    runId,
  }: { digest: Digest; expiresAt: Epoch | null; now: Epoch; runId?: string | undefined },
): { key: Key; n: number } {
  requireNotRevoked(key);
  const n = key.versions.length + 1;
  const version = createVersion(n, digest, now, expiresAt, "pending");
  const added = runId === undefined ? version : { ...version, runId };
  return { key: { ...key, versions: [...key.versions, added] }, n };
}

/**
 * Makes a delivered version current. Earlier versions work for `overlap` more seconds. One that is still pending works for at least
 * {@link RUN_LIMIT} after it was staged, because another run may be delivering it right now.
 * @param overlap - seconds; 0 ends them now, for a leaked token
 * @param staged - the key right after this version was staged
 * @throws {@link KeysError} `STORE_CONFLICT` if another version was promoted since then, or this one is no longer pending;
 * `WOULD_LOCK_OUT` if it has expired
 */
export function promoteVersion(
  key: Key,
  n: number,
  { overlap, now, staged }: { overlap: number; now: Epoch; staged: Key },
): Key {
  const chosen = key.versions.find((version) => version.n === n);
  if (chosen?.state !== "pending" || overtakenBy(key, n, staged) !== undefined) {
    throw overtaken(key, n, staged, now);
  }
  if (!isUsable(chosen, now)) {
    throw new KeysError("WOULD_LOCK_OUT", `version ${String(n)} of ${key.name} expired before it was promoted`, {
      hint: "run the same command again, with a later --expires",
    });
  }
  return mapVersions(key, (version) => {
    if (version.n === n) return { ...version, state: "current", promotedAt: now };
    if (version.n > n || (version.state !== "current" && version.state !== "pending")) return version;
    const soonest = version.state === "pending" ? version.createdAt + RUN_LIMIT : now;
    const retiresAt = Math.max(now + overlap, soonest);
    return retiresAt === now ? retire(version, now) : { ...version, state: "retiring", retiresAt };
  });
}

/**
 * Returns whether the destination may hold the token of another version than the current one: a run was never finished, and it may
 * have delivered after the run that was promoted, or the version that was delivered last was revoked, for example by `--abort`.
 * The next promotion settles this.
 */
export function isUnsettled(key: Key, current: Version): boolean {
  const { versions } = key;
  return versions.some((version) => {
    if (version.state === "pending") return true;
    if (version.state === "revoked" && version.n > current.n) return version.reason !== "undelivered";
    if (version.promotedAt !== undefined || version.state === "revoked" || version.n > current.n) return false;
    return mayOutlast(key, version, current);
  });
}

/**
 * Returns whether a version that was not promoted may have been delivered after a promoted one: it was staged at most
 * {@link RUN_LIMIT} earlier, and no other version was promoted in between.
 */
export function mayOutlast({ versions }: Key, version: Version, promoted: Version): boolean {
  const isNext = !versions.some(({ n, promotedAt }) => promotedAt !== undefined && n > version.n && n < promoted.n);
  return isNext && promoted.createdAt - version.createdAt < RUN_LIMIT;
}

/**
 * Cancels the end that an overtaking promotion set for a version. Its token was delivered meanwhile and may have replaced the newer one
 * at the destination. It is pending again until a later run is promoted.
 * @returns the changed key, or `null` if the version has no end or was ended on purpose
 */
export function keepVersion(key: Key, n: number, now: Epoch): Key | null {
  const version = key.versions.find((each) => each.n === n);
  if (version?.state !== "retiring" || version.promotedAt !== undefined || !isUsable(version, now)) return null;
  const { retiresAt: _, ...kept } = version;
  return mapVersions(key, (each) => (each === version ? { ...kept, state: "pending" } : each));
}

/** How to end a rotation, and what is known about the use of its versions. */
export interface EndOptions extends Evidence {
  /** Skips the evidence, but never `WOULD_LOCK_OUT`. */
  readonly force?: boolean;
}

/**
 * Ends the overlap now.
 * @returns the changed key, or `null` if no version is retiring
 * @throws {@link KeysError} `ROTATION_UNPROVEN` if an old version is in use, no server has seen the new one, or a server that may see
 * the old one has not reported; `WOULD_LOCK_OUT` if the new one does not work; `NO_ROTATION` if a version is still pending
 */
export function finishRotation(key: Key, { force = false, ...evidence }: EndOptions): Key | null {
  const { now } = evidence;
  const waiting = key.versions.find((version) => version.state === "pending" && isUsable(version, now));
  if (waiting !== undefined) {
    throw new KeysError(
      "NO_ROTATION",
      `the rotation of ${key.name} is not done: version ${String(waiting.n)} is not current yet`,
      {
        hint: `finish it with the same flags as before: mcp-keys rotate ${key.name}, or give up the new token: mcp-keys rotate ${key.name} --abort`,
      },
    );
  }
  const ending = key.versions.filter(({ state }) => state === "retiring");
  if (ending.length === 0) return null;
  const current = key.versions.findLast(({ state }) => state === "current");
  const live = ending.filter((version) => isUsable(version, now));
  if (live.length > 0) {
    if (current === undefined || !isUsable(current, now)) {
      throw new KeysError("WOULD_LOCK_OUT", `${key.name} has no newer version that works`, {
        hint: `issue one first: mcp-keys rotate ${key.name}`,
      });
    }
    if (!force) requireEvidence(key, live, current, evidence);
  }
  return mapVersions(key, (version) => (version.state === "retiring" ? retire(version, now) : version));
}

/**
 * Undoes the latest rotation: revokes pending versions. If none is pending, revokes the current version and makes the newest
 * retiring one current again.
 * @returns the changed key, or `null` if it was undone before: the same call again must not undo the rotation before that one
 * @throws {@link KeysError} `NO_ROTATION` without a rotation to undo; `ROTATION_UNPROVEN` if the version to revoke is in use;
 * `WOULD_LOCK_OUT` if no working version would remain
 */
export function abortRotation(key: Key, { force = false, ...evidence }: EndOptions): Key | null {
  const { now } = evidence;
  if (isAborted(key)) return null;
  const pending = key.versions.filter(({ state }) => state === "pending");
  // The token of a retiring version that was never promoted may have reached no client.
  const previous = key.versions.findLast(
    ({ state, promotedAt }) => promotedAt !== undefined && state === (pending.length > 0 ? "current" : "retiring"),
  );
  const toRevoke = pending.length > 0 ? pending : key.versions.filter(({ state }) => state === "current");
  if (pending.length === 0 && previous === undefined) {
    throw new KeysError("NO_ROTATION", `${key.name} has no rotation to undo`, {
      hint: `see its versions with: mcp-keys show ${key.name}`,
    });
  }
  if (previous === undefined || !isUsable(previous, now)) {
    throw new KeysError("WOULD_LOCK_OUT", `the old version of ${key.name} no longer works`, {
      hint: `rotate to a new version instead: mcp-keys rotate ${key.name}`,
    });
  }
  if (!force) requireEvidence(key, toRevoke, undefined, evidence);
  return mapVersions(key, (version) => {
    if (toRevoke.includes(version)) return revokeOne(version, "superseded");
    if (version !== previous) return version;
    const { retiresAt: _, ...back } = version;
    return { ...back, state: "current" };
  });
}

/** Returns whether the latest rotation was undone by {@link abortRotation}, and nothing is pending. */
export function isAborted({ versions }: Key): boolean {
  const current = versions.findLast(({ state }) => state === "current");
  if (current === undefined || versions.some(({ state }) => state === "pending")) return false;
  return versions.some(({ n, state, reason }) => n > current.n && state === "revoked" && reason === "superseded");
}

/**
 * Revokes a version whose token was not delivered. Returns `null` if it was promoted or ended in the meantime, or used.
 * @param isOurUse - whether a use was our own, because the token was tried before its delivery
 */
export function discardVersion(key: Key, n: number, isOurUse = false): Key | null {
  const version = key.versions.find((each) => each.n === n);
  if (version?.state !== "pending" && version?.state !== "retiring") return null;
  if (version.promotedAt !== undefined || (version.lastUsedAt !== null && !isOurUse)) return null;
  return mapVersions(key, (each) => (each === version ? revokeOne(each, "undelivered") : each));
}

function requireEvidence(key: Key, ending: readonly Version[], staying: Version | undefined, evidence: Evidence): void {
  const [first, ...more] = findObstacles(key, ending, staying, evidence);
  if (first !== undefined) {
    const what = [first, ...more].map((each) => each.what).join("; ");
    throw new KeysError("ROTATION_UNPROVEN", what, { hint: first.fix });
  }
  if (staying === undefined) return;
  const { now } = evidence;
  const underway = ending.find((version) => version.promotedAt === undefined && now - version.createdAt < RUN_LIMIT);
  if (underway !== undefined) {
    const ago = formatDuration(Math.max(0, now - underway.createdAt));
    const what = `version ${String(underway.n)} of ${key.name}, staged ${ago} ago, may still be on its way to a client`;
    throw new KeysError("ROTATION_UNPROVEN", what);
  }
}

function retire(version: Version, now: Epoch): Version {
  return { ...version, state: "retired", retiresAt: Math.min(version.retiresAt ?? now, now) };
}

function revokeOne(version: Version, reason: NonNullable<Version["reason"]>): Version {
  const { retiresAt: _, ...rest } = version;
  return { ...rest, state: "revoked", reason };
}

function mapVersions(key: Key, change: (version: Version) => Version): Key {
  return { ...key, versions: key.versions.map(change) };
}
