import type { Digest } from "../core/digest.ts";
import type { Key, KeyId, KeyName } from "../core/key.ts";
import type { Version } from "../core/version.ts";
import type { Lookup } from "./draft.ts";

/** The keys that a history adds up to, in the order of creation, found by id, by name and by digest. */
export class Ledger implements Lookup {
  readonly #keys = new Map<KeyId, Key>();
  readonly #names = new Map<KeyName, KeyId>();
  readonly #digests = new Map<Digest, KeyId>();

  /** Takes the keys of one change, which {@link checkDraft} has let through. */
  apply(keys: readonly Key[]): void {
    // Names first let go, then taken: two keys may have swapped theirs.
    for (const { id } of keys) {
      const before = this.#keys.get(id);
      if (before !== undefined) this.#names.delete(before.name);
    }
    for (const key of keys) {
      this.#keys.set(key.id, key);
      this.#names.set(key.name, key.id);
      for (const { digest } of key.versions) this.#digests.set(digest, key.id);
    }
  }

  byId(id: KeyId): Key | null {
    return this.#keys.get(id) ?? null;
  }

  byName(name: KeyName): Key | null {
    const id = this.#names.get(name);
    return id === undefined ? null : this.byId(id);
  }

  byDigest(digest: Digest): Key | null {
    const id = this.#digests.get(digest);
    return id === undefined ? null : this.byId(id);
  }

  list(): Key[] {
    return [...this.#keys.values()];
  }
}

/** The version of `key` that has exactly this digest. */
export function versionOf(key: Key | null, digest: Digest): { key: Key; version: Version } | null {
  const version = key?.versions.find((each) => each.digest === digest);
  return key === null || version === undefined ? null : { key, version };
}
