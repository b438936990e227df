import type { Version } from "./version.ts";

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
 * 12 characters of `[A-Za-z0-9]`: public, safe to log, the same before and after a rotation.
 * @example
 * ```ts
 * import type { Key, KeyId } from "mcp-keys";
 *
 * const byId = (keys: readonly Key[]): Map<KeyId, Key> => new Map(keys.map((key) => [key.id, key]));
 * ```
 */
export type KeyId = string;

/**
 * 1 to 64 of `[A-Za-z0-9._-]`, unique in a store.
 * @example
 * ```ts
 * import type { KeyName } from "mcp-keys";
 *
 * const name: KeyName = "ci-deploy.prod";
 * ```
 */
export type KeyName = string;

/**
 * The thing issued. It survives rotation: each rotation adds a {@link Version}.
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
  /** What its tokens begin with, such as `mcp` or `acme_live`; `opaque` where they are not of our making. */
  readonly prefix: string;
  /** What the key may do; empty means that no scope was given to it. */
  readonly scopes: readonly string[];
  /** The server URLs the key is for; empty means any. */
  readonly audience: readonly string[];
  readonly owner?: string;
  readonly note?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: Epoch;
  readonly createdBy: string;
  /** False while somebody has disabled it, which is reversible. */
  readonly enabled: boolean;
  /** Compare-and-swap: 0 for a key never written, then one more at each write. */
  readonly revision: number;
  /** Oldest first; `n` counts from 1. Never empty, never shorter: what ended stays as a tombstone. */
  readonly versions: readonly Version[];
}

/**
 * The status of a key, see {@link keyStatus}.
 * @example
 * ```ts
 * import type { Status } from "mcp-keys";
 *
 * const needsAttention = (status: Status): boolean => status === "expiring" || status === "expired";
 * ```
 */
export type Status = "active" | "expiring" | "expired" | "disabled" | "revoked";
