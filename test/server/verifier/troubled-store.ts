import type { KeysError } from "../../../src/errors.ts";
import type { KeyStore, Use } from "../../../src/stores/store.ts";

/** What is wrong with a store at the moment. */
export interface Trouble {
  /** Thrown by whatever reads. */
  fault: unknown;
  /** Thrown by `touch`. */
  touchFault: KeysError | null;
  /** Reads do not end while this is set; they end when it is cleared. */
  hangs: boolean;
  /** `watch` takes the listener and never calls it. */
  deaf: boolean;
  /** `watch` throws this. */
  watchFault: KeysError | null;
  /** Reads that were begun, and watchers there are. */
  reads: number;
  watchers: number;
  /** Batches that were written. */
  readonly touched: Use[][];
}

/** The same store, with troubles to be switched on and off. */
export function createTroubledStore(store: KeyStore): { store: KeyStore; trouble: Trouble } {
  const trouble: Trouble = {
    ...{ fault: null, touchFault: null, hangs: false, deaf: false, watchFault: null },
    ...{ reads: 0, watchers: 0, touched: [] },
  };
  const read = async () => {
    trouble.reads++;
    while (trouble.hangs) await new Promise((resolve) => setTimeout(resolve, 2));
    if (trouble.fault !== null) throw trouble.fault;
  };
  const troubled: KeyStore = {
    spec: store.spec,
    readOnly: store.readOnly,
    get: (ref) => store.get(ref),
    find: (digest) => store.find(digest),
    list: () => store.list(),
    write: (draft) => store.write(draft),
    close: () => store.close(),
    async snapshot() {
      await read();
      return store.snapshot();
    },
    async *changes(since) {
      await read();
      yield* store.changes(since);
    },
    async watch(wake) {
      if (trouble.watchFault !== null) throw trouble.watchFault;
      const stop = trouble.deaf ? () => {} : await store.watch(wake);
      trouble.watchers++;
      return () => {
        trouble.watchers--;
        stop();
      };
    },
    async touch(uses) {
      if (trouble.touchFault !== null) throw trouble.touchFault;
      trouble.touched.push([...uses]);
      return store.touch(uses);
    },
  };
  return { store: troubled, trouble };
}
