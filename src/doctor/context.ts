import type { Config } from "../config.ts";
import type { Epoch, Key } from "../core/key.ts";
import { KeysError } from "../errors.ts";
import { inspectFiles } from "../stores/inspect-files.ts";
import type { StoreFiles } from "../stores/inspect-files.ts";
import type { Change, KeyStore, StoreWorld } from "../stores/store.ts";

/** What a doctor is told of the outside. */
export interface Surroundings {
  readonly world: StoreWorld;
  readonly config: Config;
  /** What Node.js says of itself, such as `v20.17.0`. */
  readonly node: string;
  readonly now: Epoch;
  /** Opens the chosen store, once. */
  readonly openStore: () => Promise<KeyStore>;
}

/** How long a history is, and its last change. */
export interface HistoryEnd {
  readonly changes: number;
  readonly last: Change | null;
}

/** What is examined. What several examinations ask for is read once. */
export interface DiagnosticContext extends Surroundings {
  /** The store and its keys, without digests. Rejects with what is wrong with them. */
  readonly storedKeys: () => Promise<{ store: KeyStore; keys: readonly Key[] }>;
  /** Reads the whole history, and so proves it. Rejects with what is wrong with it. */
  readonly history: () => Promise<HistoryEnd>;
  /** What lies on the disk; `null` where the store is in no file. */
  readonly files: () => Promise<StoreFiles | null>;
  /** Calls back whenever a part of something long was read. Returns the function that ends it. */
  readonly onProgress: (listener: () => void) => () => void;
}

/** After so many changes it is told that the reading goes on. */
const STEP = 256;

export function createDiagnosticContext(surroundings: Surroundings): DiagnosticContext {
  const { openStore } = surroundings;
  const listeners = new Set<() => void>();
  return {
    ...surroundings,
    onProgress: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    storedKeys: once(async () => {
      const store = await openStore();
      return { store, keys: await store.list({ digests: false }) };
    }),
    history: once(async () => {
      let changes = 0;
      let last: Change | null = null;
      for await (const change of (await openStore()).changes(0, { digests: false })) {
        last = change;
        if (++changes % STEP === 0) for (const listener of listeners) listener();
      }
      return { changes, last };
    }),
    files: once(async () => {
      const { path } = await openStore();
      return path === undefined ? null : inspectFiles(path);
    }),
  };
}

/** `null` for what cannot be read, about which the examination of the store says why. */
export async function orNull<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (fault) {
    if (fault instanceof KeysError) return null;
    throw fault;
  }
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= read());
}
