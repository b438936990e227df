import type { Digest } from "../../../core/digest.ts";
import type { KeysError } from "../../../errors.ts";
import type { Key, KeyId, KeyName } from "../../../core/key.ts";
import type { Lookup } from "../../draft.ts";
import { damaged } from "../disk/fault.ts";
import { parseRecord } from "../format/record.ts";
import type { JournalRecord } from "../format/record.ts";

const NUL = 0;
const TAB = 9;
const NEWLINE = 10;
const ID = /^[0-9A-Za-z]{12}$/;

interface VerifiedBytes {
  readonly base: number;
  readonly bytes: Buffer;
}

/**
 * Looks up keys in the verified bytes of a large journal: searches for the text and parses only the lines that contain it. The
 * last line with a key has all of it.
 */
export class Scan implements Lookup {
  /** How often all bytes were searched. */
  searches = 0;
  readonly #path: string;
  readonly #voids: ReadonlySet<number>;
  readonly #lines: number;
  readonly #chunks: VerifiedBytes[] = [];
  /** Text → the last key with it, and how many chunks were searched. A write asks for the same keys again. */
  readonly #known = new Map<string, { readonly key: Key | null; readonly searched: number }>();
  #fault: KeysError | null = null;

  /** @param lines - how many lines are before the bytes, including the empty one at the start of the file */
  constructor(path: string, voids: ReadonlySet<number>, lines = 1) {
    this.#path = path;
    this.#voids = voids;
    this.#lines = lines;
  }

  /** Adds decided bytes that continue the earlier ones and end with a line. */
  add(bytes: Buffer, base: number): void {
    this.#chunks.push({ base, bytes });
  }

  byId(id: KeyId): Key | null {
    if (!ID.test(id)) return null;
    return this.#last(`{"id":"${id}","name":"`, (key) => key.id === id);
  }

  byName(name: KeyName): Key | null {
    const named = this.#last(`,"name":${JSON.stringify(name)},"prefix":"`, (key) => key.name === name);
    // The key may have been renamed since; then the name is free.
    const key = named === null ? null : this.byId(named.id);
    return key?.name === name ? key : null;
  }

  byDigest(digest: Digest): Key | null {
    return this.#last(`"digest":"${digest}"`, (key) => key.versions.some((version) => version.digest === digest));
  }

  /** Parses all records in order and frees their bytes on the way. */
  *drain(): IterableIterator<JournalRecord> {
    this.#checkFault();
    for (let chunk; (chunk = this.#chunks.shift()) !== undefined;) {
      const { base, bytes } = chunk;
      for (let start = 0; start < bytes.length; start = endOfLine(bytes, start) + 1) {
        const end = endOfLine(bytes, start);
        // A lone tab belongs to a record that ended the chunk before.
        if (end - start > 1 && !this.#voids.has(base + start)) {
          const record = this.#parse(bytes, base, start, end);
          if (record !== null) yield record;
        }
      }
    }
  }

  #last(text: string, matches: (key: Key) => boolean): Key | null {
    this.#checkFault();
    const known = this.#known.get(text);
    if (known === undefined) this.searches++;
    const found = this.#lastIn(this.#chunks.slice(known?.searched).reverse(), text, matches) ?? known?.key ?? null;
    this.#known.set(text, { key: found, searched: this.#chunks.length });
    return found;
  }

  #lastIn(chunks: readonly VerifiedBytes[], text: string, matches: (key: Key) => boolean): Key | null {
    const needle = Buffer.from(text);
    for (const { base, bytes } of chunks) {
      for (let at = bytes.lastIndexOf(needle); at !== -1;) {
        const start = bytes.lastIndexOf(NEWLINE, at) + 1;
        const record = this.#voids.has(base + start) ? null : this.#parse(bytes, base, start, endOfLine(bytes, at));
        const key = record?.change.keys.find(matches);
        if (key !== undefined) return key;
        at = start < needle.length ? -1 : bytes.lastIndexOf(needle, start - 1);
      }
    }
    return null;
  }

  #parse(bytes: Buffer, base: number, start: number, end: number): JournalRecord | null {
    let last = end;
    while (last > start && (bytes[last - 1] === NUL || bytes[last - 1] === TAB)) last--;
    if (last === start) return null;
    const record = parseRecord(bytes.toString("utf8", start, last));
    if (record !== null) return record;
    this.#fault = damaged(this.#path, this.#lineAt(base + start), "it is not a record");
    throw this.#fault;
  }

  /** Repeats an earlier failure: a partial set of keys must never pass for all of them. */
  #checkFault(): void {
    if (this.#fault !== null) throw this.#fault;
  }

  #lineAt(offset: number): number {
    let line = this.#lines;
    for (const { base, bytes } of this.#chunks) {
      for (let at = bytes.indexOf(NEWLINE); at !== -1 && base + at < offset; at = bytes.indexOf(NEWLINE, at + 1))
        line++;
    }
    return line;
  }
}

function endOfLine(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(NEWLINE, from);
  return end === -1 ? bytes.length : end;
}
