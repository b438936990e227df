import type { Key, KeyId } from "../../core/key.ts";
import { ID_LENGTH } from "../../core/token.ts";
import type { Version } from "../../core/version.ts";
import { numberOf, wordOf, type Records } from "./records.ts";
import { Slots } from "./hash-slots.ts";
import { SharedFieldsPool } from "./shared-fields.ts";

/** An id of three words, a word, two numbers: between and behind what is the version's, see there. */
const [ID, TRAITS] = [8, 14] as const;
const [CREATED, REVISION] = [14, 15] as const;

/** The texts that a key has for itself: its name, and mostly nothing else. */
type Label = string | Pick<Key, "name" | "owner" | "note">;

/** Keys without their versions, each in the record of the newest one. */
export class KeyRows {
  readonly #records: Records;
  readonly #slots = new Slots();
  readonly #labels: Label[] = [];
  readonly #traits = new SharedFieldsPool();
  /** Ids that no token can have, which a store of another make may hold. */
  readonly #oddRows = new Map<KeyId, number>();
  readonly #oddIds = new Map<number, KeyId>();

  constructor(records: Records) {
    this.#records = records;
  }

  /** 0 when there is none. */
  find(id: KeyId): number {
    return isUsual(id) ? this.findAt(id, 0) : (this.#oddRows.get(id) ?? 0);
  }

  /** The same for what stands in a text where a token has its id. Characters beyond a byte may be taken for others. */
  findAt(text: string, at: number): number {
    const [a, b, c] = [packId(text, at), packId(text, at + 4), packId(text, at + 8)];
    const hash = mix(a, b, c);
    for (let slot = this.#slots.first(hash); ; slot = this.#slots.next(slot)) {
      const row = this.#slots.at(slot);
      if (row === 0) return 0;
      if (this.#slots.hashAt(slot) !== hash) continue;
      const { words } = this.#records.chunkOf(row);
      const word = wordOf(row) + ID;
      if (words[word] === a && words[word + 1] === b && words[word + 2] === c) return row;
    }
  }

  /** Into a record that holds no key. */
  add(row: number, key: Key): void {
    const { words, numbers } = this.#records.chunkOf(row);
    const number = numberOf(row);
    while (this.#labels.length <= row) this.#labels.push("");
    this.#labels[row] = labelOf(key);
    words[wordOf(row) + TRAITS] = this.#traits.take(key);
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
    this.#labels[row] = "";
    this.#traits.release(this.#records.chunkOf(row).words[wordOf(row) + TRAITS] ?? 0);
  }

  read(row: number, versions: readonly Version[]): Key {
    const { words, numbers } = this.#records.chunkOf(row);
    const number = numberOf(row);
    const shared = this.#traits.at(words[wordOf(row) + TRAITS] ?? 0);
    const { isNamedOnly, prefix, scopes, audience, tags, createdBy, enabled } = shared;
    const label = this.#labels[row];
    const createdAt = numbers[number + CREATED] ?? 0;
    const revision = numbers[number + REVISION] ?? 0;
    const id = this.idOf(row);
    // Not told by a look at the label, which would wait for memory.
    const name = (isNamedOnly ? label : "") as string;
    const key = { id, name, prefix, scopes, audience, tags, createdAt, createdBy, enabled, revision, versions };
    return isNamedOnly ? key : { ...key, ...(label as Exclude<Label, string>) };
  }

  idOf(row: number): KeyId {
    const { words } = this.#records.chunkOf(row);
    const word = wordOf(row) + ID;
    const odd = this.#oddIds.get(row);
    return odd ?? unpackId(words[word] ?? 0) + unpackId(words[word + 1] ?? 0) + unpackId(words[word + 2] ?? 0);
  }
}

function labelOf({ name, owner, note }: Key): Label {
  if (owner === undefined && note === undefined) return name;
  return { name, ...(owner !== undefined && { owner }), ...(note !== undefined && { note }) };
}

function isUsual(id: KeyId): boolean {
  let all = 0;
  for (let i = 0; i < id.length; i++) all |= id.charCodeAt(i);
  return id.length === ID_LENGTH && all < 128;
}

/** Four characters of an id as one number. */
function packId(id: KeyId, at: number): number {
  return (
    id.charCodeAt(at) | (id.charCodeAt(at + 1) << 8) | (id.charCodeAt(at + 2) << 16) | (id.charCodeAt(at + 3) << 24)
  );
}

function unpackId(word: number): string {
  return String.fromCharCode(word & 255, (word >> 8) & 255, (word >> 16) & 255, word >>> 24);
}

function hashId(id: KeyId): number {
  return mix(packId(id, 0), packId(id, 4), packId(id, 8));
}

/** Ids are random, but for the upper bits of each character; so the product's upper bits are folded in. */
function mix(a: number, b: number, c: number): number {
  const hash = Math.imul(Math.imul(Math.imul(a, 0x01000193) ^ b, 0x01000193) ^ c, 0x01000193);
  return hash ^ (hash >>> 15);
}
