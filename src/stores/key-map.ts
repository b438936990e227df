import { FORGOTTEN } from "../core/digest.ts";
import type { StoredDigest } from "../core/digest.ts";
import type { Key, KeyId, KeyName, Version } from "../core/key.ts";
import type { Lookup } from "./draft.ts";

/**
 * Holds the current keys of a history in order of creation, and finds them by id, name and digest. The indexes of names and
 * digests are built on first use, because a server that loads 100,000 keys needs neither.
 */
export class KeyMap implements Lookup {
  readonly #keys = new Map<KeyId, Key>();
  #names: Map<KeyName, KeyId> | null = null;
  #digests: Map<StoredDigest, KeyId> | null = null;

  /** Takes the keys of a change that has passed {@link checkDraft}. */
  apply(keys: readonly Key[]): void {
    // All old names are removed first, because two keys may have swapped names.
    if (this.#names !== null) {
      for (const { id } of keys) this.#names.delete(this.#keys.get(id)?.name ?? "");
      addNames(this.#names, keys);
    }
    if (this.#digests !== null) addDigests(this.#digests, keys);
    for (const key of keys) this.#keys.set(key.id, key);
  }

  byId(id: KeyId): Key | null {
    return this.#keys.get(id) ?? null;
  }

  byName(name: KeyName): Key | null {
    this.#names ??= addNames(new Map(), this.#keys.values());
    return this.byId(this.#names.get(name) ?? "");
  }

  byDigest(digest: StoredDigest): Key | null {
    this.#digests ??= addDigests(new Map(), this.#keys.values());
    return this.byId(this.#digests.get(digest) ?? "");
  }

  list(): Key[] {
    return [...this.#keys.values()];
  }
}

function addNames(names: Map<KeyName, KeyId>, keys: Iterable<Key>): Map<KeyName, KeyId> {
  for (const { id, name } of keys) names.set(name, id);
  return names;
}

function addDigests(digests: Map<StoredDigest, KeyId>, keys: Iterable<Key>): Map<StoredDigest, KeyId> {
  for (const { id, versions } of keys) {
    for (const { digest } of versions) if (digest !== FORGOTTEN) digests.set(digest, id);
  }
  return digests;
}

/** Returns the version of `key` with exactly this digest, or `null`. */
export function versionOf(key: Key | null, digest: StoredDigest): { key: Key; version: Version } | null {
  const version = key?.versions.find((each) => each.digest === digest);
  return key === null || version === undefined ? null : { key, version };
}
