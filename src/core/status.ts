import type { Epoch, Key, Status } from "./key.ts";
import { isUsable, type Version } from "./version.ts";

/** Two weeks: what `list` calls expiring when nothing else was asked for. */
export const EXPIRING_WITHIN = 14 * 86_400;

/**
 * The status of a key, which is that of the best of its versions. `expiring`: every version that still works ends within
 * `within` seconds.
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

/** When a usable version stops working; `Infinity` for never. */
export function endOf(version: Version): number {
  return Math.min(version.expiresAt ?? Infinity, version.retiresAt ?? Infinity);
}

/** The newest version that was promoted and still works, if there is one. */
export function currentVersion(key: Key): Version | undefined {
  return key.versions.findLast(({ state }) => state === "current");
}

/** When any version of the key was last used, as far as the servers have told. */
export function lastUsedAt(key: Key): Epoch | null {
  return key.versions.reduce<Epoch | null>(
    (latest, { lastUsedAt: at }) => (at !== null && (latest === null || at > latest) ? at : latest),
    null,
  );
}
