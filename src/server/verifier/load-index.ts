import type { Pepper } from "../../core/digest.ts";
import type { Position } from "../../core/position.ts";
import type { KeyStore } from "../../stores/store.ts";
import { createKeyIndex, type KeyIndex } from "../key-index/key-index.ts";

/** The keys of a store at a position. */
export interface LoadedIndex {
  readonly index: KeyIndex;
  readonly position: Position;
  /** The position of the original store, if this one is a copy such as a keyset. */
  readonly origin: Position | null;
}

/** Loads all keys of a store. */
export async function loadIndex(store: KeyStore, peppers: readonly Pepper[]): Promise<LoadedIndex> {
  const { epoch, seq, keys, origin = null } = await store.snapshot();
  const index = createKeyIndex(peppers);
  for (const key of keys) index.put(key);
  return { index, position: { epoch, seq }, origin };
}
