import type { Epoch, Key } from "../core/key.ts";
import type { Position } from "../core/position.ts";

/**
 * What a change did. Shown by `mcp-keys audit`.
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
  | "update"
  | "import"
  | "compact"
  | "migrate"
  | "adopt";

/**
 * A change to write. The caller sets time and author, because a store has neither a clock nor a user.
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
  /** In epoch seconds. */
  readonly at: Epoch;
  /** The author, for example `ada@laptop`. At most 128 characters. */
  readonly by: string;
  /**
   * The whole keys after the change. `revision` is unchanged since the read, or 0 for a new key. An imported key has the
   * prefix `opaque`, because its tokens may not contain its id.
   */
  readonly keys: readonly Key[];
  /** The number of the version that the change is about, if it is about one. */
  readonly version?: number;
  /** A short explanation. Never contains a token or a digest. */
  readonly detail?: string;
  /** True for a change of another store, which keeps its time. Not stored. */
  readonly isCopy?: boolean;
}

/**
 * An entry of a store's history: the draft as it was applied, with the new revision in each key.
 * @example
 * ```ts
 * import { formatTime, openStore, type Change } from "mcp-keys";
 *
 * const describe = ({ seq, at, by, op }: Change): string => `${seq} ${formatTime(at)} ${by} ${op}`;
 * for await (const change of (await openStore()).changes(0)) console.log(describe(change));
 * ```
 */
export interface Change extends Draft {
  /** Counts up from 1 without gaps. The changes before a compaction are no longer in the history. */
  readonly seq: number;
}

/**
 * A change that was written, and so the position of the store right after it.
 * @example
 * ```ts
 * import { openStore, type Draft, type Written } from "mcp-keys";
 *
 * const store = await openStore("memory:");
 * const write = (draft: Draft): Promise<Written> => store.write(draft);
 * ```
 */
export interface Written extends Change, Position {}

/**
 * All keys of a store at a position.
 * @example
 * ```ts
 * import { openStore, type Snapshot } from "mcp-keys";
 *
 * const snapshot: Snapshot = await (await openStore("memory:")).snapshot();
 * ```
 */
export interface Snapshot extends Position {
  readonly keys: Key[];
  /** Where the keys come from, in a copy such as a keyset: a position of the original store. Its own position only counts copies. */
  readonly origin?: Position;
}
