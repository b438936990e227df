import type { Epoch, Key } from "../core/key.ts";
import { KeysError } from "../errors.ts";
import { applyDraft, checkHistoryClock } from "./draft.ts";
import type { Change, KeyStore } from "./store.ts";

/** Returns the same store, which reports each change after it was written. */
export function observeWrites(store: KeyStore, onWrite: (change: Change) => void): KeyStore {
  const write: KeyStore["write"] = async (draft) => {
    const change = await store.write(draft);
    onWrite(change);
    return change;
  };
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = name === "write" ? write : Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
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
  const refuse = (): never => {
    throw new KeysError("BUG", "a rehearsal does not do this");
  };
  return {
    spec: store.spec,
    readOnly: store.readOnly,
    ...(store.path !== undefined && { path: store.path }),
    get: async (ref, options) => {
      const key = await store.get(ref, options);
      return key === null ? null : latest(key);
    },
    list: async (options) => (await store.list(options)).map(latest),
    write: async (draft) => {
      // It says why it cannot be written, and changes nothing.
      if (store.readOnly) return store.write(draft);
      checkHistoryClock(draft.at, newestTime(await store.list({ digests: false })));
      const change = applyDraft(draft, 1);
      for (const key of change.keys) written.set(key.id, key);
      return { ...change, epoch: "rehearsal" };
    },
    find: (digest) => store.find(digest),
    position: () => store.position(),
    snapshot: () => store.snapshot(),
    changes: (since, options) => store.changes(since, options),
    watch: refuse,
    touch: refuse,
    usage: () => store.usage(),
    close: async () => undefined,
  };
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
