import type { Pepper } from "../../core/digest.ts";
import type { Position } from "../../core/position.ts";
import type { KeyStore } from "../../stores/store.ts";
import { createKeyIndex, type KeyIndex } from "../key-index/key-index.ts";

/** The keys of a store at a position. */
export interface LoadedIndex {
  readonly index: KeyIndex;
  readonly position: Position;
}

/** Loads all keys of a store. */
export async function loadIndex(store: KeyStore, peppers: readonly Pepper[]): Promise<LoadedIndex> {
  const { epoch, seq, keys } = await store.snapshot();
  const index = createKeyIndex(peppers);
  for (const key of keys) index.put(key);
  return { index, position: { epoch, seq } };
}
