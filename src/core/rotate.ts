import { KeysError } from "../errors.ts";
import type { Digest } from "./digest.ts";
import { createVersion } from "./generate.ts";
import { isUsable } from "./judge.ts";
import type { Epoch, Key, Version } from "./key.ts";
import { formatDuration } from "./duration.ts";

/**
 * The steps of a rotation (`docs/architecture.md`), each from a key to the key after it. They hold one promise between
 * them: a version that was delivered works until a newer one has been delivered and promoted and the overlap is over,
 * unless somebody revokes, disables, finishes or aborts, or its own expiry comes.
 */

/**
 * Adds a version as `pending`; from now on both work. A pending version that an interrupted run left behind stays valid,
 * since nobody can tell any more whether its token reached a client.
 * @returns the key with the new version last, and its number
 * @throws {@link KeysError} `KEY_NOT_ACTIVE` when every version was revoked: who revokes a key means it
 */
export function stageVersion(
  key: Key,
  { digest, expiresAt, now }: { digest: Digest; expiresAt: Epoch | null; now: Epoch },
): { key: Key; n: number } {
  if (key.versions.every(({ state, reason }) => state === "revoked" && reason !== "undelivered")) {
    throw new KeysError("KEY_NOT_ACTIVE", `${key.name} was revoked for good`);
  }
  const n = key.versions.length + 1;
  return { key: { ...key, versions: [...key.versions, createVersion(n, digest, now, expiresAt, "pending")] }, n };
}

/**
 * Makes a delivered version the current one. Those before it, pending ones included, work for `overlap` more seconds.
 * @param overlap - seconds; 0 ends them at once (the old token leaked)
 * @throws {@link KeysError} `STORE_CONFLICT` when the version is pending no more (a later rotation overtook it, or it was
 * revoked); `WOULD_LOCK_OUT` when it has expired meanwhile
 */
export function promoteVersion(key: Key, n: number, { overlap, now }: { overlap: number; now: Epoch }): Key {
  const chosen = key.versions.find((version) => version.n === n);
  if (chosen?.state !== "pending") {
    throw new KeysError("STORE_CONFLICT", `version ${String(n)} of ${key.name} is pending no more`, {
      hint: `another rotation or a revocation came between; see: mcp-keys show ${key.name}`,
    });
  }
  if (!isUsable(chosen, now)) {
    throw new KeysError("WOULD_LOCK_OUT", `version ${String(n)} of ${key.name} expired before it was in use`);
  }
  return mapVersions(key, (version) => {
    if (version.n === n) return { ...version, state: "current", promotedAt: now };
    if (version.n > n || (version.state !== "current" && version.state !== "pending")) return version;
    return overlap === 0 ? retire(version, now) : { ...version, state: "retiring", retiresAt: now + overlap };
  });
}

/** How far the uses that servers reported speak for ending an overlap. */
export interface Evidence {
  readonly now: Epoch;
  /** Seconds: a version counts as in use when it was used in the last `window`. */
  readonly window: number;
  /** Goes on without evidence. Never past `WOULD_LOCK_OUT`. */
  readonly force?: boolean;
}

/**
 * Ends the overlap now.
 * @returns the key, or `null` when no version is retiring any more
 * @throws {@link KeysError} `ROTATION_UNPROVEN` while an old version is in use or the new one was never seen;
 * `WOULD_LOCK_OUT` when the new one does not work; `NO_ROTATION` while a version still waits to be promoted
 */
export function finishRotation(key: Key, { now, window, force = false }: Evidence): Key | null {
  const waiting = key.versions.find((version) => version.state === "pending" && isUsable(version, now));
  if (waiting !== undefined) {
    throw new KeysError("NO_ROTATION", `version ${String(waiting.n)} of ${key.name} was never promoted`, {
      hint: `complete it with: mcp-keys rotate ${key.name}, or give it up with: mcp-keys rotate ${key.name} --abort`,
    });
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
    if (!force) requireEvidence(key, current, live, now - window, now);
  }
  return mapVersions(key, (version) => (version.state === "retiring" ? retire(version, now) : version));
}

/**
 * Gives the latest rotation up: pending versions are revoked; where none is pending, the current one is revoked and the
 * newest retiring one is current again.
 * @throws {@link KeysError} `NO_ROTATION` when there is nothing to go back from; `ROTATION_UNPROVEN` while the version to be
 * given up is in use; `WOULD_LOCK_OUT` when nothing that works would be left
 */
export function abortRotation(key: Key, { now, window, force = false }: Evidence): Key {
  const pending = key.versions.filter(({ state }) => state === "pending");
  // A retiring version that was never promoted may be one that no client ever got.
  const heir = key.versions.findLast(
    ({ state, promotedAt }) => promotedAt !== undefined && state === (pending.length > 0 ? "current" : "retiring"),
  );
  const leaving = pending.length > 0 ? pending : key.versions.filter(({ state }) => state === "current");
  if (pending.length === 0 && heir === undefined) {
    throw new KeysError("NO_ROTATION", `no rotation of ${key.name} is under way`);
  }
  if (heir === undefined || !isUsable(heir, now)) {
    throw new KeysError("WOULD_LOCK_OUT", `the old version of ${key.name} works no more`, {
      hint: `go forward instead: mcp-keys rotate ${key.name}`,
    });
  }
  const used = leaving.find(({ lastUsedAt }) => lastUsedAt !== null && lastUsedAt > now - window);
  if (used !== undefined && !force) {
    throw new KeysError("ROTATION_UNPROVEN", `version ${String(used.n)} of ${key.name} is already in use`, {
      hint: "whoever uses it would be locked out; override with --force",
    });
  }
  return mapVersions(key, (version) => {
    if (leaving.includes(version)) return revokeOne(version, "superseded");
    if (version !== heir) return version;
    const { retiresAt: _, ...back } = version;
    return { ...back, state: "current" };
  });
}

/** Marks a version whose token certainly reached nobody. Changes nothing when it was promoted or used meanwhile. */
export function discardVersion(key: Key, n: number): Key | null {
  const version = key.versions.find((each) => each.n === n);
  if (version?.state !== "pending" || version.lastUsedAt !== null) return null;
  return mapVersions(key, (each) => (each === version ? revokeOne(each, "undelivered") : each));
}

function requireEvidence(key: Key, current: Version, live: readonly Version[], since: Epoch, now: Epoch): void {
  if (current.lastUsedAt === null) {
    throw new KeysError("ROTATION_UNPROVEN", `version ${String(current.n)} of ${key.name} was never seen in use`);
  }
  const used = live.find(({ lastUsedAt }) => lastUsedAt !== null && lastUsedAt > since);
  if (used?.lastUsedAt != null) {
    const ago = formatDuration(Math.max(0, now - used.lastUsedAt));
    throw new KeysError("ROTATION_UNPROVEN", `version ${String(used.n)} of ${key.name} was used ${ago} ago`);
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
