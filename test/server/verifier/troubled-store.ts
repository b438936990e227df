import type { KeysError } from "../../../src/errors.ts";
import type { Use } from "../../../src/core/usage.ts";
import type { KeyStore } from "../../../src/stores/store.ts";

/** The current faults of a store. */
export interface Trouble {
  /** Thrown by every read. */
  fault: unknown;
  /** Thrown by `touch`. */
  touchFault: KeysError | null;
  /** Reads do not end until this is cleared. */
  hangs: boolean;
  /** `watch` never calls its listener. */
  deaf: boolean;
  /** `watch` throws this. */
  watchFault: KeysError | null;
  /** Started reads and active watchers. */
  reads: number;
  watchers: number;
  /** Written batches. */
  readonly touched: Use[][];
}

/** Wraps a store with faults that can be switched on and off. */
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
    usage: () => store.usage(),
    position: () => store.position(),
    ...(store.report !== undefined && { report: store.report }),
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
    async watch(wake, report) {
      if (trouble.watchFault !== null) throw trouble.watchFault;
      const stop = trouble.deaf ? () => {} : await store.watch(wake, report);
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
