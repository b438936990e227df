import type { Epoch, Key } from "../core/key.ts";
import { applyDraft, checkHistoryClock } from "./draft.ts";
import type { Change, KeyStore } from "./store.ts";

/** Returns a store with some methods replaced. It may not know all the others: they go to the store behind it. */
function overlay(store: KeyStore, replaced: Partial<KeyStore>): KeyStore {
  return new Proxy(store, {
    get(target, name) {
      const own: unknown = Reflect.get(replaced, name);
      const value: unknown = own ?? Reflect.get(target, name);
      return typeof value === "function" && own === undefined ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Returns a store that reports each change after it was written. */
export function observeWrites(store: KeyStore, onWrite: (change: Change) => void): KeyStore {
  return overlay(store, {
    write: async (draft) => {
      const change = await store.write(draft);
      onWrite(change);
      return change;
    },
  });
}

/**
 * Returns a store that keeps writes to itself: an operation runs as far as it would on the real one, with the same errors, and changes
 * nothing. It does not find out whether the disk can be written.
 */
export function rehearse(store: KeyStore): KeyStore {
  const written = new Map<string, Key>();
  const latest = (key: Key): Key => written.get(key.id) ?? key;
  return overlay(store, {
    get: async (ref, options) => {
      const key = await store.get(ref, options);
      return key === null ? null : latest(key);
    },
    list: async (options) => (await store.list(options)).map(latest),
    write: async (draft) => {
      // It says why it cannot be written, and changes nothing.
      if (store.readOnly) return store.write(draft);
      const stored = await store.list({ digests: false });
      checkHistoryClock(draft.at, newestTime(stored));
      const change = applyDraft(draft, 1);
      for (const key of change.keys) written.set(key.id, key);
      return change;
    },
  });
}

/** Returns the latest time that the keys of a history show. */
function newestTime(keys: readonly Key[]): Epoch {
  return keys
    .flatMap(({ createdAt, versions }) => [
      createdAt,
      ...versions.flatMap((each) => [each.createdAt, each.promotedAt ?? 0]),
    ])
    .reduce((newest, at) => Math.max(newest, at), 0);
}
