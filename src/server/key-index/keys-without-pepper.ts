import { pepperIdOf, type Pepper } from "../../core/digest.ts";
import type { Epoch, Key, KeyId } from "../../core/key.ts";
import { missingPepperOf } from "../../core/missing-pepper.ts";
import { OPAQUE_PREFIX } from "../../core/opaque.ts";

/** The keys with a digest whose pepper was not passed. Empty on a server that is set up correctly. */
export class KeysWithoutPepper {
  readonly #peppers: readonly Pepper[];
  readonly #known: ReadonlySet<string | null>;
  readonly #keys = new Map<KeyId, Key>();
  /** Those of the keys whose tokens need not carry the id of the key. */
  readonly #opaque = new Map<KeyId, Key>();

  constructor(peppers: readonly Pepper[]) {
    this.#peppers = peppers;
    this.#known = new Set([null, ...peppers.map(({ id }) => id)]);
  }

  /** Adds a key, or removes it if it needs no other pepper. */
  put(key: Key): void {
    if (key.versions.every(({ digest }) => this.#known.has(pepperIdOf(digest)))) {
      if (this.#keys.size === 0) return;
      this.#keys.delete(key.id);
      this.#opaque.delete(key.id);
      return;
    }
    this.#keys.set(key.id, key);
    if (key.prefix === OPAQUE_PREFIX) this.#opaque.set(key.id, key);
  }

  /** Returns the peppers without which tokens that may be valid cannot be checked. */
  peppersAt(now: Epoch): Set<string> {
    const ids = new Set<string>();
    for (const key of this.#keys.values()) {
      const id = missingPepperOf(key, this.#peppers, now);
      if (id !== null) ids.add(id);
    }
    return ids;
  }

  /**
   * Returns the pepper without which a token that was not found cannot be checked, or `null`.
   * @param id - the key id in the token; `null` if it has none
   */
  pepperFor(id: KeyId | null, now: Epoch): string | null {
    if (this.#keys.size === 0) return null;
    const named = id === null ? undefined : this.#keys.get(id);
    for (const key of named === undefined ? this.#opaque.values() : [named]) {
      const pepper = missingPepperOf(key, this.#peppers, now);
      if (pepper !== null) return pepper;
    }
    return null;
  }
}
