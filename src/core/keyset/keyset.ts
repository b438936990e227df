import { FORGOTTEN, isDigest, type Digest } from "../digest.ts";
import { formatTime } from "../duration.ts";
import { isUsable } from "../judge.ts";
import type { Epoch, Key, KeyId, KeyName, Version } from "../key.ts";
import type { Position } from "../position.ts";
import { DEFAULT_PREFIX } from "../token.ts";

/** The format version of a keyset, its member `keyset`. */
export const KEYSET_FORMAT = 1;

/** The author in the history of a keyset store. */
const AUTHOR = "keyset";

/** The digests of keys for a server without a store. Contains no secret. Times are RFC 3339 in UTC. */
export interface Keyset {
  readonly keyset: typeof KEYSET_FORMAT;
  /** The spec of the store it was made from. */
  readonly store: string;
  /** The last change of that store when it was made. A server rejects an older keyset of the same store. */
  readonly seq: number;
  /** The epoch of that store, see `Position`. Absent in a keyset of an earlier version of mcp-keys. */
  readonly epoch?: string;
  readonly at: string;
  readonly keys: readonly KeysetKey[];
  /** The ids of the keys that are left out because they have ended: another store must not bring their tokens back. */
  readonly ended?: readonly KeyId[];
}

/** A key in a {@link Keyset}. */
export interface KeysetKey {
  readonly id: KeyId;
  /** Absent if the names were left out. */
  readonly name?: KeyName;
  readonly prefix: string;
  readonly enabled: boolean;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  readonly versions: readonly KeysetVersion[];
}

/** A version in a {@link KeysetKey}. Only versions that work, or will work, are in a keyset. */
export interface KeysetVersion {
  readonly n: number;
  readonly digest: Digest;
  readonly state: "pending" | "current" | "retiring";
  readonly expiresAt: string | null;
  /** Only while `retiring`. */
  readonly retiresAt?: string;
}

/** Where and when a keyset was made, and what to leave out. */
export interface KeysetSource {
  readonly store: string;
  readonly seq: number;
  readonly epoch: string;
  readonly now: Epoch;
  readonly names: boolean;
}

/** Makes the keyset of `keys`. Leaves out versions that have ended, and of keys without any other version all but the id. */
export function toKeyset(keys: readonly Key[], { store, seq, epoch, now, names }: KeysetSource): Keyset {
  const all = keys.map((key) => toKeysetKey(key, names, now));
  const ended = all.filter(({ versions }) => versions.length === 0).map(({ id }) => id);
  return {
    keyset: KEYSET_FORMAT,
    store,
    seq,
    epoch,
    at: formatTime(now),
    keys: all.filter(({ versions }) => versions.length > 0),
    ...(ended.length > 0 && { ended }),
  };
}

function toKeysetKey(key: Key, names: boolean, now: Epoch): KeysetKey {
  const { id, name, prefix, enabled, scopes, audience } = key;
  const versions = key.versions.filter((version) => isUsable(version, now)).flatMap(toKeysetVersion);
  return { id, ...(names && { name }), prefix, enabled, scopes, audience, versions };
}

function toKeysetVersion({ n, digest, state, expiresAt, retiresAt }: Version): KeysetVersion[] {
  // Both are impossible for a usable version that was read with its digest.
  if (!isDigest(digest) || state === "retired" || state === "revoked") return [];
  const end = expiresAt === null ? null : formatTime(expiresAt);
  return [{ n, digest, state, expiresAt: end, ...(retiresAt !== undefined && { retiresAt: formatTime(retiresAt) }) }];
}

/** Returns the position that a keyset was made at, if it names the epoch. */
export function originOf({ epoch, seq }: Keyset): { origin?: Position } {
  return epoch === undefined ? {} : { origin: { epoch, seq } };
}

/** Returns the keys of a keyset as a store holds them. A key without a name gets its id. Unknown times are 0. */
export function keysOf({ keys, ended = [] }: Keyset): Key[] {
  return [
    ...keys.map(({ versions, ...key }) => toKey(key, versions.map(toVersion))),
    ...ended.map((id) => toKey({ ...ENDED, id }, [ENDED_VERSION])),
  ];
}

/** A key of which the keyset has only the id: no token matches it. */
const ENDED = { prefix: DEFAULT_PREFIX, enabled: true, scopes: [], audience: [] } as const;
const ENDED_VERSION: Version = {
  ...{ n: 1, digest: FORGOTTEN, createdAt: 0, expiresAt: null, state: "revoked", reason: "other", lastUsedAt: null },
};

function toKey(
  { id, name = id, prefix, enabled, scopes, audience }: Omit<KeysetKey, "versions">,
  versions: readonly Version[],
): Key {
  const shared = { tags: {}, createdAt: 0, createdBy: AUTHOR, revision: 1 };
  return { id, name, prefix, scopes, audience, enabled, ...shared, versions };
}

function toVersion({ n, digest, state, expiresAt, retiresAt }: KeysetVersion): Version {
  return {
    ...{ n, digest, state, createdAt: 0, expiresAt: expiresAt === null ? null : epochOf(expiresAt) },
    ...(retiresAt !== undefined && { retiresAt: epochOf(retiresAt) }),
    lastUsedAt: null,
  };
}

function epochOf(time: string): Epoch {
  return Date.parse(time) / 1000;
}
