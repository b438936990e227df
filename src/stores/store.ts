import type { Digest } from "../core/digest.ts";
import type { Acknowledgement, Follower } from "../core/follower.ts";
import type { Epoch, Key, KeyId, KeyName, Version } from "../core/key.ts";
import type { Usage, UsageNews, Use } from "../core/usage.ts";
import type { Position } from "../core/position.ts";
import type { Change, Draft, Operation, Snapshot, Written } from "./change.ts";

export type { Change, Draft, Operation, Snapshot, Written };

/**
 * A history of changes and the keys that result from them.
 *
 * Every method throws {@link KeysError} with these codes, in addition to its own: `STORE_UNAVAILABLE` if the store cannot answer,
 * `STORE_LOCKED` if its keychain is locked, `STORE_INSECURE` if other users could read or replace it, `STORE_DAMAGED` if its
 * history was altered. A missing key is never an error. Calls may overlap; a store runs them one at a time.
 *
 * @example
 * ```ts
 * import type { Key, KeyStore } from "mcp-keys";
 *
 * async function ownedBy(store: KeyStore, owner: string): Promise<Key[]> {
 *   return (await store.list({ digests: false })).filter((key) => key.owner === owner);
 * }
 * ```
 */
export interface KeyStore {
  /** The spec that opens this store, for example `file:/home/ada/.local/share/mcp-keys/keys.jsonl`. Contains no secret. */
  readonly spec: string;
  /** True if {@link KeyStore.write} and {@link KeyStore.touch} always throw `STORE_READ_ONLY`. */
  readonly readOnly: boolean;
  /** True for an old history. It can be read, but a server must not check tokens against it. */
  readonly isArchive?: boolean;
  /** The absolute path of the file with the history, if there is one. */
  readonly path?: string;
  /**
   * Returns the key with this id, or else with this name, in any state. Returns `null` if there is none. Sees every write that was
   * acknowledged before the call, also by other processes.
   */
  get(ref: KeyId | KeyName, options?: ReadOptions): Promise<Key | null>;
  /**
   * Returns the version with exactly this digest, in any state, and its key. Returns `null` if there is none. As up to date as
   * {@link KeyStore.get}.
   */
  find(digest: Digest): Promise<{ key: Key; version: Version } | null>;
  /** Returns all keys, including revoked ones, in order of creation. As up to date as {@link KeyStore.get}. */
  list(options?: ReadOptions): Promise<Key[]>;
  /**
   * Applies a draft as a whole or not at all. Returns the applied change once it is durable. A key's `revision` works as
   * compare-and-swap: the write fails if another writer changed the key since it was read. The `lastUsedAt` of a version is not
   * written. A store may drop the digest of a revoked version; the digest is then `FORGOTTEN`, and no token matches it.
   * @throws {@link KeysError} `STORE_CONFLICT` if a `revision` is not the stored one, or a digest belongs to another key;
   *   `NAME_TAKEN` if another key has the name; `CLOCK_BEHIND` if `at` is more than a minute before the latest time in the history,
   *   unless the draft revokes or disables a key; `STORE_READ_ONLY`. Nothing is written then.
   */
  write(draft: Draft): Promise<Written>;
  /** Returns the position after the last change. `seq` is 0 for an empty history. As up to date as {@link KeyStore.get}. */
  position(): Promise<Position>;
  /** Returns all keys and the position after the last change, both from the same moment. `seq` is 0 for an empty history. */
  snapshot(): Promise<Snapshot>;
  /**
   * Works like {@link KeyStore.snapshot}, but passes each key to `take` instead of returning them all: a server that reads many keys
   * needs less time and memory. A key that was changed may come several times, and the last one counts. If the call fails, ignore all
   * of them. Missing in stores that gain nothing by it.
   */
  load?(take: (key: Key) => void): Promise<Omit<Snapshot, "keys">>;
  /**
   * Iterates over the changes after `since`, oldest first, and ends after the last one. `since` 0 starts at the beginning. If it
   * cannot continue there, because the history was compacted or has a new epoch, the first change has another `seq` than the one after
   * `since`: read a snapshot then.
   * @param options - `epoch` is that of the caller's position; without it, that of the last snapshot that this object has returned
   * @throws {@link KeysError} `STORE_REWOUND` if the history is no longer the one that was read before
   */
  changes(since: number, options?: ReadOptions & { readonly epoch?: string }): AsyncIterable<Change>;
  /**
   * Calls `wake` when {@link KeyStore.changes} may have news. This is a hint: it may come late, twice or without news, but no change
   * goes unannounced for longer than the poll interval of the store. Calls `report` with a line for the server's log if the store
   * ignores news, such as a keyset that is older than the one in use. Returns a function that stops it and may be called twice.
   */
  watch(wake: () => void, report?: (line: string) => void): Promise<() => void>;
  /**
   * Records when versions were last used, and on which server. An older time never replaces a newer one. Not part of the history,
   * and never called while a token is verified.
   * @param news - what else is known about the servers that read keysets
   * @throws {@link KeysError} `STORE_READ_ONLY`
   */
  touch(uses: readonly Use[], news?: UsageNews): Promise<void>;
  /** Returns the latest use of each version on each server. Empty in a read-only store. */
  usage(): Promise<Usage>;
  /**
   * Lists the verifiers that follow this store, also on other machines. Those whose lease has run out stay listed for a day. Sees every
   * acknowledgement that was confirmed before the call. Missing in stores whose servers cannot write to them.
   */
  followers?(): Promise<Follower[]>;
  /**
   * Records that a verifier has applied everything up to a position, and renews its lease. A later position never becomes an earlier
   * one of the same epoch. Cheap enough for each change: it need not survive a crash of the machine, which ends the verifier too.
   * @throws {@link KeysError} `STORE_READ_ONLY` if this process may not write to the store
   */
  acknowledge?(news: Acknowledgement): Promise<void>;
  /** Removes a verifier that has stopped to accept tokens from the list. */
  unfollow?(id: string): Promise<void>;
  /**
   * Accepts the history as it is now, under a new epoch: the answer to `STORE_REWOUND`. Writes one change with the operation `adopt`.
   * Returns the position after it, once it is durable. Missing in stores whose history cannot go back unnoticed.
   */
  startEpoch?(options: EpochOptions): Promise<Position>;
  /**
   * Drops the uses and reports of a server that is gone, or with `null` that a keyset was published. A server that still runs records
   * its next uses again. Returns whether there was anything. Missing in read-only stores.
   */
  forget?(server: string | null): Promise<boolean>;
  /**
   * Writes uses to a file, for `mcp-keys uses import` in the store that the keyset was made from. Adds them to those in the file.
   * Missing in stores without a keyset.
   * @param path - a file of its own for each server; replaced in one step
   * @throws {@link KeysError} `OUTPUT_EXISTS` if the file is something else; `STORE_UNAVAILABLE` if it cannot be written
   */
  report?(path: string, report: NewReport): Promise<void>;
  /**
   * Drops the history and keeps the keys, including revoked ones. Other processes can read and write meanwhile. After a crash, the
   * store is unchanged or the next process finishes the compaction. Missing in stores without a growing history.
   * @throws {@link KeysError} `STORE_CONFLICT` if other processes keep writing; `OUTPUT_EXISTS` if the archive exists; `USAGE` if
   *   the archive has the name of one of the store's own files
   */
  compact?(options: CompactOptions): Promise<Compacted>;
  /**
   * Takes over the history of another store, as a whole or not at all: `at`, `by` and revisions stay, `seq` starts again at 1.
   * Returns once it is durable. An empty history changes nothing. Missing in stores that persist nothing.
   * @throws {@link KeysError} `STORE_CONFLICT` if this store already has a history
   */
  adopt?(history: readonly Change[]): Promise<void>;
  /**
   * Ends the history and removes the store with all its files. A concurrent write either comes first, which fails the removal, or
   * fails with `STORE_READ_ONLY`. After a crash the keys can still be read, and the same call finishes the removal.
   * @throws {@link KeysError} `STORE_CONFLICT` if the history goes beyond `options.seq`
   */
  remove?(options: RemoveOptions): Promise<void>;
  /** Releases handles and timers. May be called twice. Later calls of other methods may throw `STORE_UNAVAILABLE`. */
  close(): Promise<void>;
}

/** What a server saw until `at`. */
export interface NewReport {
  readonly server: string;
  readonly at: Epoch;
  readonly uses: readonly Use[];
}

/** A store with every optional method that a store with a history of its own can have. */
export type WritableStore = Required<Omit<KeyStore, "report">>;

export interface EpochOptions {
  /** In epoch seconds. */
  readonly at: Epoch;
  readonly by: string;
}

export interface CompactOptions {
  /** In epoch seconds. */
  readonly at: Epoch;
  readonly by: string;
  /** The path that keeps the old history, on the same disk. Without it, the history is removed. */
  readonly archive?: string;
}

/** The result of a compaction. */
export interface Compacted {
  /** The `seq` of the last record after the compaction. */
  readonly seq: number;
  /** The size of the journal before and after, in bytes. */
  readonly before: number;
  readonly after: number;
}

export interface RemoveOptions {
  /** In epoch seconds. */
  readonly at: Epoch;
  readonly by: string;
  /** The last change that is known to be in another store. */
  readonly seq: number;
  /** The new location of the keys. Written as the last entry of the history. */
  readonly detail: string;
}

export interface ReadOptions {
  /**
   * False if the digests are not needed. A store that keeps them elsewhere, such as a keychain, then returns placeholders
   * (`KeptDigest`) without accessing it. A key with placeholders may be written back; its digests stay unchanged.
   */
  readonly digests?: boolean;
}

/**
 * The environment of a store. An argument, because tests replace it.
 * @example
 * ```ts
 * import { openStore, type StoreWorld } from "mcp-keys";
 *
 * const world: StoreWorld = { env: {}, uid: null, dataDir: "/srv/mcp-keys" };
 * const store = await openStore("file:", world);
 * ```
 */
export interface StoreWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's numeric id. `null` on Windows, where owners are not checked. */
  readonly uid: number | null;
  /** The user's data folder for mcp-keys. `null` if it is unknown because HOME is not set. */
  readonly dataDir: string | null;
  /** Whether a person is present to answer a prompt of the operating system. Without one, waits are short. */
  readonly attended?: boolean;
  /** Shows a line to the user while a call is running, for example that it is waiting for the keychain. */
  readonly notify?: (line: string) => void;
}

/**
 * Opens a store. `location` is the part of the spec after the colon. A driver must not write before the first `write` or `touch`,
 * except for caches such as the checkpoint of a journal.
 */
export type OpenStore = (location: string, world: StoreWorld) => Promise<KeyStore>;
