import type { Pepper } from "../../core/digest.ts";
import type { Position } from "../../core/position.ts";
import type { Key } from "../../core/key.ts";
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
  const index = createKeyIndex(peppers);
  const put = (key: Key): void => index.put(key);
  const { epoch, seq, origin = null } = await (store.load?.(put) ?? putAll(store, put));
  return { index, position: { epoch, seq }, origin };
}

async function putAll(store: KeyStore, put: (key: Key) => void): ReturnType<KeyStore["snapshot"]> {
  const snapshot = await store.snapshot();
  for (const key of snapshot.keys) put(key);
  return snapshot;
}
