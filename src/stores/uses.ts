import type { Epoch, Key, KeyId } from "../core/key.ts";
import type { Use } from "./store.ts";

/** Holds the last-used time of each version. An older time never replaces a newer one. */
export class Uses {
  readonly #times = new Map<KeyId, Map<number, Epoch>>();

  /** Adds a use. Returns whether it is newer than the known time. */
  add({ id, n, at }: Use): boolean {
    const times = this.#times.get(id) ?? new Map<number, Epoch>();
    if ((times.get(n) ?? -1) >= at) return false;
    this.#times.set(id, times.set(n, at));
    return true;
  }

  /** Returns the key with `lastUsedAt` filled in, or the same object if it was never used. */
  fill(key: Key): Key {
    const times = this.#times.get(key.id);
    if (times === undefined) return key;
    return { ...key, versions: key.versions.map((each) => ({ ...each, lastUsedAt: times.get(each.n) ?? null })) };
  }

  *[Symbol.iterator](): IterableIterator<Use> {
    for (const [id, times] of this.#times) for (const [n, at] of times) yield { id, n, at };
  }
}
