import type { Key } from "../../../core/key.ts";

/** A field of a key that differs from those of other keys. */
export type Field = "id" | "name" | "digest";

const FIELDS: readonly Field[] = ["id", "name", "digest"];

/** Bytes of an entry: 28 bits of a hash function, then the 36 bits of an offset, as one little-endian number. */
const ENTRY = 8;
const HASH_BITS = 28;
const TOP = 2 ** 32;
/** Journals of more bytes cannot be indexed. */
export const MAX_INDEXED = 2 ** 36;
const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Collects where the keys of a journal are, for {@link linesWith}. A key that changed has entries for each of its lines. */
export class LineIndexDraft {
  #entries: Buffer;
  #length = 0;

  /** @param earlier - an index of the lines before those that {@link add} will receive */
  constructor(earlier: Buffer = Buffer.alloc(0)) {
    this.#entries = Buffer.alloc(earlier.length + 1024 * ENTRY);
    this.#length = earlier.copy(this.#entries);
  }

  /** Adds the keys of a record. `offset` is that of its first byte, after the newline. */
  add(keys: readonly Key[], offset: number): void {
    for (const key of keys) {
      for (const field of FIELDS) for (const text of textsOf(key, field)) this.#push(field, text, offset);
    }
  }

  /** Returns the index: the entries in ascending order. Call it once. */
  finish(): Buffer {
    const bytes = this.#entries.subarray(0, this.#length);
    if (!IS_LITTLE_ENDIAN) bytes.swap64();
    new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length / ENTRY).sort();
    return IS_LITTLE_ENDIAN ? bytes : bytes.swap64();
  }

  #push(field: Field, text: string, offset: number): void {
    if (this.#length === this.#entries.length) this.#entries = Buffer.concat([this.#entries], 2 * this.#length);
    const high = Math.floor(offset / TOP) + hashOf(field, text) * 2 ** (32 - HASH_BITS);
    this.#length = this.#entries.writeUInt32LE(offset % TOP, this.#length);
    this.#length = this.#entries.writeUInt32LE(high, this.#length);
  }
}

/** Checks whether bytes can be an index, by their length. */
export function isIndex({ length }: Buffer): boolean {
  return length % ENTRY === 0;
}

/**
 * Returns the offsets of the lines that may have a key with this field, the last one first. None is missing. Few are in vain: those of
 * fields for which the hash function is the same.
 */
export function* linesWith(index: Buffer, field: Field, text: string): IterableIterator<number> {
  const wanted = hashOf(field, text);
  for (let i = countUpTo(index, wanted) - 1; i >= 0 && hashAt(index, i) === wanted; i--) {
    yield (index.readUInt32LE(i * ENTRY + 4) % 2 ** (32 - HASH_BITS)) * TOP + index.readUInt32LE(i * ENTRY);
  }
}

/** Checks whether {@link linesWith} returns the line of a record with these keys, if the index has it. */
export function hasEntry(keys: readonly Key[], field: Field, text: string): boolean {
  const wanted = hashOf(field, text);
  return keys.some((key) => textsOf(key, field).some((each) => hashOf(field, each) === wanted));
}

function textsOf(key: Key, field: Field): readonly string[] {
  return field === "digest" ? key.versions.map(({ digest }) => digest) : [key[field]];
}

/** Returns how many entries have these bits or lower ones. */
function countUpTo(index: Buffer, wanted: number): number {
  let low = 0;
  let high = index.length / ENTRY;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (hashAt(index, middle) <= wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function hashAt(index: Buffer, entry: number): number {
  return index.readUInt32LE(entry * ENTRY + 4) >>> (32 - HASH_BITS);
}

/** FNV-1a, and the last step of MurmurHash3, which spreads short texts over all bits. */
function hashOf(field: Field, text: string): number {
  let hash = 0x811c9dc5 ^ field.length;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> (32 - HASH_BITS);
}
