import type { StoredDigest } from "./digest.ts";

/**
 * Seconds since 1970-01-01T00:00:00Z, a whole number. RFC 3339 in JSON.
 * @example
 * ```ts
 * import type { Epoch } from "mcp-keys";
 *
 * const now: Epoch = Math.floor(Date.now() / 1000);
 * ```
 */
export type Epoch = number;

/**
 * 12 characters of `[A-Za-z0-9]`. Public, safe to log, and unchanged by a rotation.
 * @example
 * ```ts
 * import type { Key, KeyId } from "mcp-keys";
 *
 * const byId = (keys: readonly Key[]): Map<KeyId, Key> => new Map(keys.map((key) => [key.id, key]));
 * ```
 */
export type KeyId = string;

/**
 * 1 to 64 of `[A-Za-z0-9._-]`. Unique in a store.
 * @example
 * ```ts
 * import type { KeyName } from "mcp-keys";
 *
 * const name: KeyName = "ci-deploy.prod";
 * ```
 */
export type KeyName = string;

/**
 * An issued API key. It survives rotation: each rotation adds a {@link Version}.
 * @example
 * ```ts
 * import type { Key } from "mcp-keys";
 *
 * const canDeploy = (key: Key): boolean => key.enabled && key.scopes.includes("deploy");
 * ```
 */
export interface Key {
  readonly id: KeyId;
  readonly name: KeyName;
  /** The start of its tokens, such as `mcp` or `acme_live`; `opaque` for imported tokens and digests. */
  readonly prefix: string;
  /** The permissions of the key; empty means none. */
  readonly scopes: readonly string[];
  /** The server URLs the key is valid for; empty means any. */
  readonly audience: readonly string[];
  readonly owner?: string;
  readonly note?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: Epoch;
  readonly createdBy: string;
  /** False while the key is disabled, which can be undone. */
  readonly enabled: boolean;
  /** For compare-and-swap: 0 before the first write, then one more with each write. */
  readonly revision: number;
  /** Oldest first, numbered from 1. Never empty and never shortened: ended versions stay as tombstones. */
  readonly versions: readonly Version[];
}

/**
 * The state of a whole key, from its best version: see {@link keyStatus}.
 * @example
 * ```ts
 * import type { Status } from "mcp-keys";
 *
 * const needsAttention = (status: Status): boolean => status === "expiring" || status === "expired";
 * ```
 */
export type Status = "active" | "expiring" | "expired" | "disabled" | "revoked";

/**
 * The state of a version: pending → current → retiring → retired, and from any of them to revoked.
 * @example
 * ```ts
 * import type { VersionState } from "mcp-keys";
 *
 * const hasEnded = (state: VersionState): boolean => state === "retired" || state === "revoked";
 * ```
 */
export type VersionState = "pending" | "current" | "retiring" | "retired" | "revoked";

/**
 * Why a version was revoked. `undelivered`: its token was never delivered to anyone.
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
 * One secret of a key. Only its digest is stored.
 * @example
 * ```ts
 * import type { Key, Version } from "mcp-keys";
 *
 * const current = (key: Key): Version | undefined => key.versions.findLast(({ state }) => state === "current");
 * ```
 */
export interface Version {
  /** 1 for the first version, then one more with each rotation. */
  readonly n: number;
  /** Not a `Digest` if the key was read without digests, or if the store has removed this one. */
  readonly digest: StoredDigest;
  readonly createdAt: Epoch;
  /** The first second at which it no longer works; `null` for never. */
  readonly expiresAt: Epoch | null;
  readonly state: VersionState;
  /** When it became `current`; absent before that. */
  readonly promotedAt?: Epoch;
  /** The run of `rotate` that added it, if that has an id. Absent from the verdict of a server. */
  readonly runId?: string;
  /**
   * Only with `runId`, if the run ended without finishing: the number of the first version that was added afterwards. A run that was
   * killed leaves none.
   */
  readonly endedBefore?: number;
  /** While `retiring`, the first second at which it no longer works; once `retired`, when it ended. */
  readonly retiresAt?: Epoch;
  /** Stored apart from the history, see {@link KeyStore.touch}; late by up to the servers' flush interval. */
  readonly lastUsedAt: Epoch | null;
  /** Only when `revoked`. */
  readonly reason?: RevokeReason;
  /** Only for an imported token with less than 128 random bits by estimate. Stored, but not part of a keyset or of a server's verdict. */
  readonly weak?: true;
}
