import type { Key, KeyId, Version } from "../../core/key.ts";
import { ID_LENGTH } from "../../core/token.ts";
import { HashSlots } from "./hash-slots.ts";
import { isNamedOnly, SharedFieldsPool } from "./shared-fields.ts";
import { numberOf, wordOf, type VersionRows } from "./version-rows.ts";

/** Offsets of a key's fields in the record of its newest version: an id of three words, a word, two numbers. */
const [ID, SHARED] = [8, 14] as const;
const [CREATED, REVISION] = [14, 15] as const;

/** The texts that differ from key to key: the name and, rarely, owner and note. */
type OwnTexts = string | Pick<Key, "name" | "owner" | "note">;

/** Keys without their versions, each in the record of its newest version. */
export class KeyRows {
  readonly #rows: VersionRows;
  readonly #slots = new HashSlots();
  readonly #texts: OwnTexts[] = [];
  readonly #shared = new SharedFieldsPool();
  /** Keys with ids that no token can carry, which a custom store may hold. */
  readonly #oddRows = new Map<KeyId, number>();
  readonly #oddIds = new Map<number, KeyId>();

  constructor(rows: VersionRows) {
    this.#rows = rows;
  }

  /** Returns the row of a key, or 0. */
  find(id: KeyId): number {
    return isUsual(id) ? this.findAt(id, 0) : (this.#oddRows.get(id) ?? 0);
  }

  /** Finds the key whose id starts at `at` in `text`. Characters above 255 may match others: the digest decides. */
  findAt(text: string, at: number): number {
    const [a, b, c] = [packId(text, at), packId(text, at + 4), packId(text, at + 8)];
    const hash = mix(a, b, c);
    for (let slot = this.#slots.first(hash); ; slot = this.#slots.next(slot)) {
      const row = this.#slots.at(slot);
      if (row === 0) return 0;
      if (this.#slots.hashAt(slot) !== hash) continue;
      const { words } = this.#rows.chunkOf(row);
      const word = wordOf(row) + ID;
      if (words[word] === a && words[word + 1] === b && words[word + 2] === c) return row;
    }
  }

  /** Writes a key into a record without one. */
  add(row: number, key: Key): void {
    const { words, numbers } = this.#rows.chunkOf(row);
    const number = numberOf(row);
    while (this.#texts.length <= row) this.#texts.push("");
    this.#texts[row] = ownTextsOf(key);
    words[wordOf(row) + SHARED] = this.#shared.take(key);
    numbers[number + CREATED] = key.createdAt;
    numbers[number + REVISION] = key.revision;
    if (isUsual(key.id)) {
      for (let i = 0; i < ID_LENGTH / 4; i++) words[wordOf(row) + ID + i] = packId(key.id, 4 * i);
      this.#slots.add(row, hashId(key.id));
    } else {
      this.#oddRows.set(key.id, row);
      this.#oddIds.set(row, key.id);
    }
  }

  remove(row: number): void {
    const odd = this.#oddIds.get(row);
    if (odd === undefined) this.#slots.remove(row, hashId(this.idOf(row)));
    else this.#oddRows.delete(odd);
    this.#oddIds.delete(row);
    this.#texts[row] = "";
    this.#shared.release(this.#rows.chunkOf(row).words[wordOf(row) + SHARED] ?? 0);
  }

  read(row: number, versions: readonly Version[]): Key {
    const { words, numbers } = this.#rows.chunkOf(row);
    const number = numberOf(row);
    const shared = this.#shared.at(words[wordOf(row) + SHARED] ?? 0);
    const { isNamedOnly, prefix, scopes, audience, tags, createdBy, enabled } = shared;
    const texts = this.#texts[row];
    const createdAt = numbers[number + CREATED] ?? 0;
    const revision = numbers[number + REVISION] ?? 0;
    const id = this.idOf(row);
    // Reading the type of `texts` would cost a cache miss.
    const name = (isNamedOnly ? texts : "") as string;
    const key = { id, name, prefix, scopes, audience, tags, createdAt, createdBy, enabled, revision, versions };
    return isNamedOnly ? key : { ...key, ...(texts as Exclude<OwnTexts, string>) };
  }

  isEnabled(row: number): boolean {
    return this.#shared.at(this.#rows.chunkOf(row).words[wordOf(row) + SHARED] ?? 0).enabled;
  }

  idOf(row: number): KeyId {
    const { words } = this.#rows.chunkOf(row);
    const word = wordOf(row) + ID;
    const odd = this.#oddIds.size === 0 ? undefined : this.#oddIds.get(row);
    return odd ?? unpackId(words[word] ?? 0, words[word + 1] ?? 0, words[word + 2] ?? 0);
  }
}

function ownTextsOf(key: Key): OwnTexts {
  const { name, owner, note } = key;
  if (isNamedOnly(key)) return name;
  return { name, ...(owner !== undefined && { owner }), ...(note !== undefined && { note }) };
}

/** Returns whether an id fits three words. */
function isUsual(id: KeyId): boolean {
  let all = 0;
  for (let i = 0; i < id.length; i++) all |= id.charCodeAt(i);
  return id.length === ID_LENGTH && all < 128;
}

/** Packs four characters into a word. */
function packId(id: KeyId, at: number): number {
  return (
    id.charCodeAt(at) | (id.charCodeAt(at + 1) << 8) | (id.charCodeAt(at + 2) << 16) | (id.charCodeAt(at + 3) << 24)
  );
}

/** In one call, because joining three texts takes longer. */
function unpackId(a: number, b: number, c: number): string {
  return String.fromCharCode(
    a & 255,
    (a >> 8) & 255,
    (a >> 16) & 255,
    a >>> 24,
    b & 255,
    (b >> 8) & 255,
    (b >> 16) & 255,
    b >>> 24,
    c & 255,
    (c >> 8) & 255,
    (c >> 16) & 255,
    c >>> 24,
  );
}

function hashId(id: KeyId): number {
  return mix(packId(id, 0), packId(id, 4), packId(id, 8));
}

/** Mixes three words into a code. Folds the upper bits in, because the upper bits of characters are not random. */
function mix(a: number, b: number, c: number): number {
  const hash = Math.imul(Math.imul(Math.imul(a, 0x01000193) ^ b, 0x01000193) ^ c, 0x01000193);
  return hash ^ (hash >>> 15);
}
