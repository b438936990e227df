import type { StoredDigest } from "../../../core/digest.ts";
import type { Key, KeyId, KeyName } from "../../../core/key.ts";
import { KeysError } from "../../../errors.ts";
import type { Lookup } from "../../draft.ts";
import { verifiedSum } from "../format/line.ts";
import { parseRecord } from "../format/record.ts";
import { hasEntry, linesWith } from "./line-index.ts";
import type { Field } from "./line-index.ts";

/** Looks up keys in the part of a journal that has an index, and reads only their lines. The last line with a key has all of it. */
export class IndexedKeys implements Lookup {
  readonly #index: Buffer;
  readonly #readLine: (offset: number) => Buffer;
  readonly #path: string;

  /** @param readLine - returns the line that begins at an offset, up to its tab or newline */
  constructor(index: Buffer, readLine: (offset: number) => Buffer, path: string) {
    this.#index = index;
    this.#readLine = readLine;
    this.#path = path;
  }

  byId(id: KeyId): Key | null {
    return this.#last("id", id, (key) => key.id === id);
  }

  byName(name: KeyName): Key | null {
    // The key may have been renamed since; then the name is free.
    return this.#latest(
      this.#last("name", name, (key) => key.name === name),
      (key) => key.name === name,
    );
  }

  byDigest(digest: StoredDigest): Key | null {
    const has = ({ versions }: Key): boolean => versions.some((version) => version.digest === digest);
    return this.#latest(this.#last("digest", digest, has), has);
  }

  /** Returns the key as its last line has it, if it still matches. */
  #latest(key: Key | null, matches: (key: Key) => boolean): Key | null {
    const latest = key === null ? null : this.byId(key.id);
    return latest !== null && matches(latest) ? latest : null;
  }

  #last(field: Field, text: string, matches: (key: Key) => boolean): Key | null {
    for (const offset of linesWith(this.#index, field, text)) {
      const line = this.#readLine(offset);
      const record = verifiedSum(line, 0, line.length) === null ? null : parseRecord(line.toString());
      // Another line here, as in an older copy of the file, does not tell that the key is in no later line.
      if (record === null || !hasEntry(record.change.keys, field, text)) {
        throw new KeysError("STORE_DAMAGED", `${this.#path} was altered after it was first read`);
      }
      const key = record.change.keys.find(matches);
      if (key !== undefined) return key;
    }
    return null;
  }
}

/** Looks up keys in a journal of which `newer` has the last part. What it has of a key replaces what `older` has. */
export function layered(older: Lookup, newer: Lookup): Lookup {
  const unlessNewer = (key: Key | null): Key | null => (key === null || newer.byId(key.id) !== null ? null : key);
  return {
    byId: (id) => newer.byId(id) ?? older.byId(id),
    byName: (name) => newer.byName(name) ?? unlessNewer(older.byName(name)),
    byDigest: (digest) => newer.byDigest(digest) ?? unlessNewer(older.byDigest(digest)),
  };
}
