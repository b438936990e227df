import type { Digest } from "../core/digest.ts";
import type { Epoch, Key, KeyId, KeyName } from "../core/key.ts";
import type { Version } from "../core/version.ts";

/**
 * What was done; the word the history and the audit show.
 * @example
 * ```ts
 * import type { Operation } from "mcp-keys";
 *
 * const endsAccess = (op: Operation): boolean => op === "revoke" || op === "disable" || op === "finish";
 * ```
 */
export type Operation =
  | "generate"
  | "stage"
  | "promote"
  | "finish"
  | "abort"
  | "revoke"
  | "disable"
  | "enable"
  | "import"
  | "compact"
  | "migrate";

/**
 * A change on its way in. The store knows neither clock nor user, so it is told both.
 * @example
 * ```ts
 * import type { Draft, Key } from "mcp-keys";
 *
 * const disable = (key: Key, now: number): Draft => ({
 *   op: "disable",
 *   at: now,
 *   by: "ada@laptop",
 *   keys: [{ ...key, enabled: false }],
 * });
 * ```
 */
export interface Draft {
  readonly op: Operation;
  readonly at: Epoch;
  /** Who did it, such as `ada@laptop`. At most 128 characters. */
  readonly by: string;
  /**
   * The whole keys as they are to be, each with the `revision` that the writer read (0: must not exist yet). One that is
   * imported has the prefix `opaque`, for its tokens need not carry its id.
   */
  readonly keys: readonly Key[];
  /** The version it is about, where it is about one. */
  readonly version?: number;
  /** A few words more; never a token or a digest. */
  readonly detail?: string;
}

/**
 * One entry of a store's history: the draft as it was applied, each key with its new revision.
 * @example
 * ```ts
 * import { formatTime, openStore, type Change } from "mcp-keys";
 *
 * const describe = ({ seq, at, by, op }: Change): string => `${seq} ${formatTime(at)} ${by} ${op}`;
 * for await (const change of (await openStore()).changes(0)) console.log(describe(change));
 * ```
 */
export interface Change extends Draft {
  /** Counts up from 1 without a gap, until a compaction, which leaves out what it dropped. */
  readonly seq: number;
}

/**
 * That version `n` of a key was used at `at`.
 * @example
 * ```ts
 * import type { KeyStore, Use } from "mcp-keys";
 *
 * const use: Use = { id: "7Fq2x9Lm0aBc", n: 1, at: Math.floor(Date.now() / 1000) };
 * const record = (store: KeyStore): Promise<void> => store.touch([use]);
 * ```
 */
export interface Use {
  readonly id: KeyId;
  readonly n: number;
  readonly at: Epoch;
}

/**
 * Where keys live: a history of changes, and the keys they add up to. All methods throw {@link KeysError}:
 * `STORE_UNAVAILABLE` when the store cannot answer, `STORE_INSECURE` when others could read or replace it,
 * `STORE_DAMAGED` when its history was altered. A throw never means "no such key".
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
  /** What it is, for people and JSON: `file:/home/ada/.local/share/mcp-keys/keys.jsonl`. Holds no secret. */
  readonly spec: string;
  /** True when {@link KeyStore.write} and {@link KeyStore.touch} can only throw `STORE_READ_ONLY`. */
  readonly readOnly: boolean;
  /** True for a history that goes on elsewhere: it can be looked at, but not asked who may come in now. */
  readonly isPast?: boolean;
  /**
   * True where each token in our form carries the id of its key, but for keys with the prefix `opaque`. A verifier
   * then refuses one whose id no key has without making its digest. Leave it out where keys came from elsewhere.
   */
  readonly tokensCarryIds?: boolean;
  /** The file that holds its history, where one does: an absolute path. */
  readonly path?: string;
  /** By id, else by name. `null` when absent; never throws for that. Sees every write that was acknowledged before the call. */
  get(ref: KeyId | KeyName, options?: ReadOptions): Promise<Key | null>;
  /** The version with exactly this digest, in any state. `null` when absent. */
  find(digest: Digest): Promise<{ key: Key; version: Version } | null>;
  /** Every key, tombstones included, in the order of creation. */
  list(options?: ReadOptions): Promise<Key[]>;
  /**
   * Applies a draft whole or not at all, and returns when it is durable. Returns the change as applied.
   * `STORE_CONFLICT` when a key's `revision` is not the stored one; `NAME_TAKEN` when another key has its name.
   * Nothing is written in either case. `STORE_READ_ONLY` for a store that cannot be written.
   * A version's `lastUsedAt` is not part of the history and is not written. Of a version that was revoked a store may give up
   * the digest: it then stands as `FORGOTTEN`, and nothing is found by it.
   */
  write(draft: Draft): Promise<Change>;
  /** All keys and the `seq` they stand for, read in one go. */
  snapshot(): Promise<{ seq: number; keys: Key[] }>;
  /** The changes after `since`, oldest first, then ends. */
  changes(since: number, options?: ReadOptions): AsyncIterable<Change>;
  /**
   * Calls `wake` when {@link KeyStore.changes} may have news. A hint: it may come late, twice or for nothing, but a change
   * does not go unannounced for longer than the store's poll interval. Returns the function that ends it.
   */
  watch(wake: () => void): Promise<() => void>;
  /** Records uses in a batch, forward only: an older time never replaces a newer one. Not part of the history. */
  touch(uses: readonly Use[]): Promise<void>;
  /**
   * Leaves the history out and keeps the keys, where a store has a history that grows. Others may go on meanwhile.
   * `STORE_CONFLICT` when others write all the time; `OUTPUT_EXISTS` for an archive that is there.
   */
  compact?(options: CompactOptions): Promise<Compacted>;
  /**
   * Takes the history of another store as its own: `at`, `by` and the revisions of keys as they are, `seq` from 1 on. All of
   * it, durable on return, or nothing. There only where what is written lasts. `STORE_CONFLICT` when it has a history.
   */
  adopt?(history: readonly Change[]): Promise<void>;
  /**
   * Ends the history at `seq` and removes the store, with all that it keeps. Nothing that others write meanwhile is lost: they
   * come first, which is `STORE_CONFLICT` here, or are refused. What a crash leaves can be read, and be removed by the same call.
   */
  remove?(options: RemoveOptions): Promise<void>;
  /** Releases handles and timers. Twice is allowed. */
  close(): Promise<void>;
}

/** Who compacts a store, when, and what becomes of its history. */
export interface CompactOptions {
  readonly at: Epoch;
  readonly by: string;
  /** Where the history so far stays, on the same disk; it is dropped without. */
  readonly archive?: string;
}

/** What a compaction did, in bytes. */
export interface Compacted {
  readonly seq: number;
  readonly before: number;
  readonly after: number;
}

/** Who removes a store and when, and up to where its history is known to be elsewhere. */
export interface RemoveOptions {
  readonly at: Epoch;
  readonly by: string;
  readonly seq: number;
  /** For the end of its history: where the keys are now. */
  readonly detail: string;
}

/** How much of a key is wanted. */
export interface ReadOptions {
  /**
   * False: the digests are not needed. A store that keeps them elsewhere then does not look there, and gives what stands for
   * them (`KeptDigest`). A key read so may be written back: its digests stay as they are.
   */
  readonly digests?: boolean;
}

/**
 * What a driver may know of the outside. Passed in, so that tests can pass their own.
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
  /** The user's numeric id, or `null` where there is none (Windows): owners are then not checked. */
  readonly uid: number | null;
  /** The user's data folder for mcp-keys, or `null` when none can be told (no HOME). */
  readonly dataDir: string | null;
  /** Somebody is there who can answer when the operating system asks; without, nothing is waited for that long. */
  readonly attended?: boolean;
  /** Tells a person one line on the way: what is being waited for, what could not be tidied up. */
  readonly tell?: (line: string) => void;
}

/**
 * Opens a driver at what stands behind the colon of its spec. Must not write before the first `write` or `touch`, but for what
 * only saves the next reader time.
 */
export type OpenStore = (location: string, world: StoreWorld) => Promise<KeyStore>;
