import type { Key, KeyId } from "../core/key.ts";
import { ID_LENGTH } from "../core/token.ts";
import type { Version } from "../core/version.ts";
import type { Records } from "./records.ts";
import { Slots } from "./slots.ts";
import { TraitsPool } from "./traits.ts";
import { VERSION_BYTES } from "./version-rows.ts";

/** An id, a word, two numbers, behind what is the version's. */
const ID = VERSION_BYTES;
const TRAITS = (ID + ID_LENGTH) / 4;
const [CREATED, REVISION] = [ID / 8 + 2, ID / 8 + 3] as const;
/** The bytes of a record. A cache line holds 64, and each that is waited for costs as much as half a digest. */
export const ROW_BYTES = 128;

/** The texts that a key has for itself: its name, and mostly nothing else. */
type Label = string | Pick<Key, "name" | "owner" | "note">;

/** Keys without their versions, each in the record of the newest one. */
export class KeyRows {
  readonly #records: Records;
  readonly #slots = new Slots();
  readonly #labels: Label[] = [];
  readonly #traits = new TraitsPool();
  /** Ids that no token can have, which a store of another make may hold. */
  readonly #oddRows = new Map<KeyId, number>();
  readonly #oddIds = new Map<number, KeyId>();

  constructor(records: Records) {
    this.#records = records;
  }

  /** 0 when there is none. */
  find(id: KeyId): number {
    const hash = hashId(id);
    for (let slot = this.#slots.first(hash); ; slot = this.#slots.next(slot)) {
      const row = this.#slots.at(slot);
      if (row === 0) return this.#oddRows.size === 0 ? 0 : (this.#oddRows.get(id) ?? 0);
      if (this.#slots.hashAt(slot) === hash && this.#hasId(row, id)) return row;
    }
  }

  /** Into a record that holds no key. */
  add(row: number, key: Key): void {
    const { bytes, words, numbers } = this.#records.chunkOf(row);
    const number = this.#records.startOf(row, 8);
    while (this.#labels.length <= row) this.#labels.push("");
    this.#labels[row] = labelOf(key);
    words[this.#records.startOf(row, 4) + TRAITS] = this.#traits.take(key);
    numbers[number + CREATED] = key.createdAt;
    numbers[number + REVISION] = key.revision;
    if (isUsual(key.id)) {
      bytes.write(key.id, this.#records.startOf(row, 1) + ID, ID_LENGTH, "latin1");
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
    this.#traits.release(this.#records.chunkOf(row).words[this.#records.startOf(row, 4) + TRAITS] ?? 0);
  }

  read(row: number, id: KeyId, versions: readonly Version[]): Key {
    const { words, numbers } = this.#records.chunkOf(row);
    const number = this.#records.startOf(row, 8);
    const traits = this.#traits.at(words[this.#records.startOf(row, 4) + TRAITS] ?? 0);
    const { isNamedOnly, prefix, scopes, audience, tags, createdBy, enabled } = traits;
    const label = this.#labels[row];
    const createdAt = numbers[number + CREATED] ?? 0;
    const revision = numbers[number + REVISION] ?? 0;
    // Not told by a look at the label, which would wait for memory.
    const name = (isNamedOnly ? label : "") as string;
    const key = { id, name, prefix, scopes, audience, tags, createdAt, createdBy, enabled, revision, versions };
    return isNamedOnly ? key : { ...key, ...(label as Exclude<Label, string>) };
  }

  idOf(row: number): KeyId {
    const { bytes } = this.#records.chunkOf(row);
    const start = this.#records.startOf(row, 1) + ID;
    return this.#oddIds.get(row) ?? bytes.toString("latin1", start, start + ID_LENGTH);
  }

  #hasId(row: number, id: KeyId): boolean {
    const { bytes } = this.#records.chunkOf(row);
    const start = this.#records.startOf(row, 1) + ID;
    let difference = id.length ^ ID_LENGTH;
    for (let i = 0; i < ID_LENGTH; i++) difference |= (bytes[start + i] ?? 0) ^ id.charCodeAt(i);
    return difference === 0;
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

/** FNV-1a, its upper bits folded in. */
function hashId(id: KeyId): number {
  let hash = 0;
  for (let i = 0; i < ID_LENGTH; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}
