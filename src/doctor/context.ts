import type { Config } from "../config.ts";
import type { Epoch, Key } from "../core/key.ts";
import { KeysError } from "../errors.ts";
import { inspectFiles } from "../stores/inspect-files.ts";
import { groupOf } from "../stores/location.ts";
import type { StoreFiles } from "../stores/inspect-files.ts";
import type { Change, KeyStore, StoreWorld } from "../stores/store.ts";

/** The environment that `doctor` examines. */
export interface Surroundings {
  readonly world: StoreWorld;
  readonly config: Config;
  /** The version of Node.js, for example `v20.17.0`. */
  readonly node: string;
  readonly now: Epoch;
  /** Opens the chosen store, once. */
  readonly openStore: () => Promise<KeyStore>;
}

/** The length of a history, its last change and its latest time, 0 if it is empty. */
export interface HistoryEnd {
  readonly changes: number;
  readonly newest: Epoch;
  readonly last: Change | null;
}

/** The input of every diagnostic. Data that several of them need is read once. */
export interface DiagnosticContext extends Surroundings {
  /** Returns the store and its keys without digests. Rejects if the store cannot be read. */
  readonly storedKeys: () => Promise<{ store: KeyStore; keys: readonly Key[] }>;
  /** Reads and verifies the whole history. Rejects if it is damaged. */
  readonly history: () => Promise<HistoryEnd>;
  /** Returns the files of the store, or `null` if the store is not a file. */
  readonly files: () => Promise<StoreFiles | null>;
  /** Calls `listener` while a long history is being read. Returns a function that unsubscribes it. */
  readonly onProgress: (listener: () => void) => () => void;
}

/** Changes read between two progress events. */
const PROGRESS_STEP = 256;

/** Creates a context that reads everything on first use. */
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
      let newest = 0;
      let last: Change | null = null;
      for await (const change of (await openStore()).changes(0, { digests: false })) {
        last = change;
        newest = Math.max(newest, change.at);
        if (++changes % PROGRESS_STEP === 0) for (const listener of listeners) listener();
      }
      return { changes, newest, last };
    }),
    files: once(async () => {
      const { path, spec } = await openStore();
      return path === undefined ? null : inspectFiles(path, groupOf(spec));
    }),
  };
}

/** Returns `null` if the store cannot be read; the `store` diagnostic reports why. */
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
