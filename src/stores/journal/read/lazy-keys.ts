import type { Digest } from "../../../core/digest.ts";
import type { Key, KeyId, KeyName } from "../../../core/key.ts";
import type { Lookup } from "../../draft.ts";
import { KeyMap } from "../../key-map.ts";
import type { Chain } from "../format/chain.ts";
import type { JournalLocation } from "../disk/folder.ts";
import { checkKind, parseRecord } from "../format/record.ts";
import type { CheckpointDraft } from "./checkpoint-draft.ts";
import { layered } from "./indexed-keys.ts";
import { Scan } from "./scan.ts";

/** Journals up to this size, in bytes, are parsed while they are read. */
const SMALL = 256 * 1024;
const NEWLINE = Buffer.from("\n");
/** After this many searches it is cheaper to parse everything. */
const MAX_SEARCHES = 24;
/** So many keys are passed on in a few milliseconds. */
const POURED_AT_ONCE = 1_000;

/** The part of a journal that has an index: its keys, and how many lines and bytes it has. */
export interface Indexed {
  readonly keys: Lookup;
  readonly lines: number;
  readonly size: number;
}

/**
 * The keys of a journal, parsed on demand. For the first lookups it searches the raw bytes; after that it parses all of them
 * into a {@link KeyMap}. A command that needs one key of 100,000 does not parse the others. Followers release the keys. What a checkpoint
 * covers can have an index; then only the keys after it are here.
 */
export class LazyKeys implements Lookup {
  #keys: KeyMap | null = new KeyMap();
  readonly #location: JournalLocation;
  readonly #voids: ReadonlySet<number>;
  #scan: Scan | null;
  /** Whether the digests that were read show that this is the right kind of journal. */
  #isKindKnown = false;
  #keptBytes = false;
  readonly #indexed: Indexed | null;

  /**
   * @param size - how many bytes of keys there will be, without those of `indexed`
   * @param whole - whether to parse all keys at once, because all will be needed
   * @param indexed - the part before, if it has an index
   */
  constructor(
    location: JournalLocation,
    voids: ReadonlySet<number>,
    size: number,
    whole: boolean,
    indexed: Indexed | null = null,
  ) {
    this.#location = location;
    this.#voids = voids;
    this.#indexed = indexed;
    this.#scan = whole || size <= SMALL ? null : new Scan(location.path, voids, indexed?.lines);
  }

  /** Whether the keys were released. Lookups then throw. */
  get isReleased(): boolean {
    return this.#keys === null;
  }

  /** Whether {@link list} cannot be called, because some keys are only in an index. */
  get isPartial(): boolean {
    return this.#indexed !== null;
  }

  /** Frees the keys. Records read later are still checked, but not kept. */
  release(): void {
    this.#keys = null;
    this.#scan = null;
  }

  /** Returns whether bytes were kept since the last call. They must not be overwritten. */
  keptBytes(): boolean {
    const kept = this.#keptBytes;
    this.#keptBytes = false;
    return kept;
  }

  /**
   * Verifies `bytes` with the chain and takes the keys of the records that apply. Returns how many bytes are decided.
   * @param draft - receives the keys too
   */
  verify(chain: Chain, bytes: Buffer, draft: CheckpointDraft | null = null): number {
    const { offset: base, isInLongLine } = chain;
    if (!this.#isKindKnown) checkKind(this.#location, bytes);
    const scan = this.#scan;
    const isParsed = scan === null || draft !== null;
    const length = chain.verify(bytes, isParsed ? (...line) => this.#take(base, draft, ...line) : () => true);
    this.#isKindKnown ||= bytes.subarray(0, length).includes('"digest":"');
    if (scan === null || length === 0) return length;
    const from = isInLongLine ? bytes.indexOf(NEWLINE) : 0;
    const isOneLine = chain.isInLongLine && (from === -1 || !bytes.includes(NEWLINE, from + 1));
    // A long line has no record, so its bytes are not kept; its newline is, to count lines.
    if (isOneLine && from !== -1) scan.add(NEWLINE, base + from);
    if (isOneLine) return length;
    scan.add(bytes.subarray(from, length), base + from);
    this.#keptBytes = true;
    return length;
  }

  /** Takes the keys of whole lines without verifying them. Only for bytes that a checkpoint covers. */
  restore(bytes: Buffer, base: number): void {
    if (!this.#isKindKnown) checkKind(this.#location, bytes);
    this.#isKindKnown ||= bytes.includes('"digest":"');
    if (this.#indexed !== null) return;
    const scan = this.#scan ?? new Scan(this.#location.path, this.#voids);
    scan.add(bytes, base);
    this.#keptBytes ||= scan === this.#scan;
    if (scan !== this.#scan) this.#drain(scan);
  }

  byId(id: KeyId): Key | null {
    return this.#lookup().byId(id);
  }

  byName(name: KeyName): Key | null {
    return this.#lookup().byName(name);
  }

  byDigest(digest: Digest): Key | null {
    return this.#lookup().byDigest(digest);
  }

  /** Returns all keys. Parses all bytes and frees them. */
  list(): Key[] {
    if (this.isPartial) throw new Error("only some keys of this journal were read");
    return this.#parseAll().list();
  }

  /**
   * Passes all keys to `take`, older states of a key first, and releases them. Lets other work of the process run in between, because
   * a server may read its store again while it answers requests.
   */
  async pour(take: (key: Key) => void): Promise<void> {
    const scan = this.#scan;
    const keys = scan === null ? this.list() : [];
    this.release();
    for (const key of keys) take(key);
    let count = 0;
    for (const { change } of scan?.drain() ?? []) {
      for (const key of change.keys) take(key);
      count += change.keys.length;
      if (count < POURED_AT_ONCE) continue;
      count = 0;
      await new Promise(setImmediate);
    }
  }

  #lookup(): Lookup {
    const read = this.#scan === null || this.#scan.searches >= MAX_SEARCHES ? this.#parseAll() : this.#scan;
    return this.#indexed === null ? read : layered(this.#indexed.keys, read);
  }

  #parseAll(): KeyMap {
    const keys = this.#keys;
    if (keys === null) throw new Error("the keys of this journal were released");
    const scan = this.#scan;
    if (scan !== null) this.#drain(scan);
    this.#scan = null;
    return keys;
  }

  #drain(scan: Scan): void {
    for (const { change } of scan.drain()) this.#keys?.apply(change.keys);
  }

  #take(base: number, draft: CheckpointDraft | null, bytes: Buffer, start: number, end: number): boolean {
    const record = parseRecord(bytes.toString("utf8", start, end));
    if (record === null) return false;
    const { keys } = record.change;
    if (this.#scan === null) this.#keys?.apply(keys);
    draft?.add(keys, base + start);
    return true;
  }
}
