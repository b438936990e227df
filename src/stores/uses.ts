import type { Epoch, Key, KeyId } from "../core/key.ts";
import type { Use } from "./store.ts";

/** When each version was last used. Forward only: an older time never replaces a newer one. */
export class Uses {
  readonly #times = new Map<KeyId, Map<number, Epoch>>();

  /** Returns whether anything became newer by it. */
  add({ id, n, at }: Use): boolean {
    const times = this.#times.get(id) ?? new Map<number, Epoch>();
    if ((times.get(n) ?? -1) >= at) return false;
    this.#times.set(id, times.set(n, at));
    return true;
  }

  /** The key with `lastUsedAt` filled in; the same object when it was never used. */
  fill(key: Key): Key {
    const times = this.#times.get(key.id);
    if (times === undefined) return key;
    return { ...key, versions: key.versions.map((each) => ({ ...each, lastUsedAt: times.get(each.n) ?? null })) };
  }

  *[Symbol.iterator](): IterableIterator<Use> {
    for (const [id, times] of this.#times) for (const [n, at] of times) yield { id, n, at };
  }
}
