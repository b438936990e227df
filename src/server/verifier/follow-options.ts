import type { Pepper } from "../../core/digest.ts";
import type { Epoch } from "../../core/key.ts";
import type { KeysError } from "../../errors.ts";
import type { KeyStore } from "../../stores/store.ts";
import type { KeyIndex } from "../key-index/key-index.ts";

/** Times are in seconds. */
export interface FollowOptions {
  readonly store: KeyStore;
  /** A random id for the list of followers. */
  readonly id: string;
  /** The name of the server. */
  readonly name: string;
  readonly now: () => Epoch;
  /** Milliseconds of a monotonic clock. */
  readonly ticks: () => number;
  readonly peppers: readonly Pepper[];
  readonly pollEvery: number;
  readonly maxStaleness: number;
  /** Writes a line to the server's log. */
  readonly log: (line: string) => void;
  /** Called after each read, with `null` if the store answered. `fresh`: whether memory may still answer. */
  readonly onRead: (fault: KeysError | null, index: KeyIndex, fresh: boolean) => void;
  /** Called with the old index when a new one replaces it. */
  readonly onReplace: (old: KeyIndex) => void;
}
