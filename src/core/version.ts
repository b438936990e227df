import type { StoredDigest } from "./digest.ts";
import type { Epoch } from "./key.ts";

/**
 * pending → current → retiring → retired, and from any of them to revoked.
 * @example
 * ```ts
 * import type { VersionState } from "mcp-keys";
 *
 * const hasEnded = (state: VersionState): boolean => state === "retired" || state === "revoked";
 * ```
 */
export type VersionState = "pending" | "current" | "retiring" | "retired" | "revoked";

/**
 * Why a version was revoked. `undelivered`: its token reached nobody, so nobody holds it.
 * @example
 * ```ts
 * import { createKeys, openStore, type RevokeReason } from "mcp-keys";
 *
 * const reason: RevokeReason = "compromised";
 * await createKeys({ store: await openStore() }).revoke("ci", { reason });
 * ```
 */
export type RevokeReason = "compromised" | "superseded" | "unused" | "undelivered" | "other";

/**
 * One secret of a key. Only its digest is known.
 * @example
 * ```ts
 * import type { Key, Version } from "mcp-keys";
 *
 * const current = (key: Key): Version | undefined => key.versions.findLast(({ state }) => state === "current");
 * ```
 */
export interface Version {
  /** 1 for the first; one more at each rotation. */
  readonly n: number;
  /** A `KeptDigest` only where the key was read without its digests. */
  readonly digest: StoredDigest;
  readonly createdAt: Epoch;
  /** The first second at which it no longer works; `null` for never. */
  readonly expiresAt: Epoch | null;
  readonly state: VersionState;
  /** When it became `current`; absent while nobody can tell whether its token reached a client. */
  readonly promotedAt?: Epoch;
  /** While `retiring`, the first second at which it no longer works; once `retired`, when it ended. */
  readonly retiresAt?: Epoch;
  /** Kept apart from the history, see {@link KeyStore.touch}; late by up to the flush interval of the servers. */
  readonly lastUsedAt: Epoch | null;
  /** Only when `revoked`. */
  readonly reason?: RevokeReason;
}

/** Whether a version may be used at `now`, as far as the version itself decides (the key may be disabled). */
export function isUsable(version: Version, now: Epoch): boolean {
  if (version.expiresAt !== null && now >= version.expiresAt) return false;
  switch (version.state) {
    case "pending":
    case "current":
      return true;
    case "retiring":
      return now < (version.retiresAt ?? 0);
    case "retired":
    case "revoked":
      return false;
  }
}
