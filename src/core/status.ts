import { endOf, isUsable } from "./judge.ts";
import type { Epoch, Key, Status, Version, VersionState } from "./key.ts";

/** Seconds, two weeks: how far ahead `list` calls a key expiring by default. */
export const EXPIRING_WITHIN = 14 * 86_400;

/**
 * Returns the status of a key, taken from its best version. A key is `expiring` if every usable version ends soon.
 * @param now - epoch seconds
 * @param within - seconds that count as soon; two weeks by default
 * @example
 * ```ts
 * import { createKeys, keyStatus, openStore } from "mcp-keys";
 *
 * const keys = createKeys({ store: await openStore() });
 * const now = Math.floor(Date.now() / 1000);
 * for (const key of await keys.list()) console.log(key.name, keyStatus(key, now));
 * ```
 */
export function keyStatus(key: Key, now: Epoch, within: number = EXPIRING_WITHIN): Status {
  const usable = key.versions.filter((version) => isUsable(version, now));
  if (usable.length === 0) return key.versions.every(({ state }) => state === "revoked") ? "revoked" : "expired";
  if (!key.enabled) return "disabled";
  return usable.every((version) => endOf(version) - now < within) ? "expiring" : "active";
}

/**
 * Returns when the last version of a key stops working: epoch seconds, `Infinity` for never, `null` if none works now. Ignores
 * whether the key is disabled.
 */
export function keyEnd(key: Key, now: Epoch): number | null {
  const ends = key.versions.filter((version) => isUsable(version, now)).map(endOf);
  return ends.length === 0 ? null : Math.max(...ends);
}

/**
 * Returns the state of a version at a time. The stored state does not change without a write, so an overlap may have ended, or the
 * version may have expired, since then.
 */
export function stateAt(version: Version, now: Epoch): VersionState | "expired" {
  const { state, retiresAt = 0 } = version;
  if (isUsable(version, now) || state === "retired" || state === "revoked") return state;
  return state === "retiring" && now >= retiresAt ? "retired" : "expired";
}

/** Returns whether a key was revoked permanently. A key whose token was never delivered can still be issued. */
export function isRevoked(key: Key): boolean {
  const everyRevoked = key.versions.every(({ state }) => state === "revoked");
  return everyRevoked && key.versions.some(({ reason }) => reason !== "undelivered");
}

/** Returns the newest version in the state `current`, if any. */
export function currentVersion(key: Key): Version | undefined {
  return key.versions.findLast(({ state }) => state === "current");
}

/** Returns the latest use of any version that servers have reported, or `null`. */
export function lastUsedAt(key: Key): Epoch | null {
  return key.versions.reduce<Epoch | null>(
    (latest, { lastUsedAt: at }) => (at !== null && (latest === null || at > latest) ? at : latest),
    null,
  );
}

/** Returns a version that works and whose token can be guessed, if any. */
export function weakVersion(key: Key, now: Epoch): Version | undefined {
  return key.versions.find((version) => version.weak === true && isUsable(version, now));
}
