import { KeysError } from "../../../errors.ts";
import type { Change } from "../../store.ts";
import { readChanges } from "./changes.ts";
import { Chain } from "../format/chain.ts";
import type { Disk } from "../disk/disk.ts";
import type { JournalLocation } from "../disk/folder.ts";
import { LazyKeys } from "./lazy-keys.ts";
import { endsIn, MAX_LINE } from "../format/line.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { FileMac } from "./file-mac.ts";
import { openPrivate } from "../disk/open.ts";
import type { FileState } from "../disk/open.ts";
import { Source } from "../disk/source.ts";

const NEWLINE = 10;

export interface JournalReaderOptions {
  /** Whether to parse all keys while reading, because all will be needed. */
  readonly whole: boolean;
  /**
   * In bytes. Smaller files use no checkpoint. A reader that has verified at least this many bytes at opening replaces the
   * checkpoint.
   */
  readonly checkpointEvery: number;
}

/** Reads one file of a journal, which it keeps open. */
export class JournalReader {
  readonly file: FileState;
  readonly chain: Chain;
  readonly keys: LazyKeys;
  /** The size of the file, in bytes, when it was last read to the end. */
  size = 0;
  readonly #location: JournalLocation;
  readonly #source: Source;
  readonly #checkpoint: Checkpoint | null;
  /** Covers all decided bytes, for the next checkpoint. Only set while the file is being opened. */
  #mac: FileMac | null = null;
  /** How many bytes were verified line by line. */
  #verified = 0;

  private constructor(
    location: JournalLocation,
    source: Source,
    file: FileState,
    whole: boolean,
    checkpoint: Checkpoint | null,
  ) {
    this.#location = location;
    this.#source = source;
    this.file = file;
    this.#checkpoint = checkpoint;
    this.chain = new Chain(location.path, checkpoint);
    this.keys = new LazyKeys(location, this.chain.voids, file.size, whole);
  }

  /** Opens the file and reads it to the end. Returns `null` if it is missing. */
  static async open(
    disk: Disk,
    location: JournalLocation,
    { whole, checkpointEvery }: JournalReaderOptions,
  ): Promise<JournalReader | null> {
    const opened = await openPrivate(disk, location.path, "read", location);
    if (opened === null) return null;
    const { handle, state } = opened;
    const source = new Source(location, handle);
    try {
      const isLarge = state.size >= checkpointEvery;
      const checkpoint = isLarge ? await readCheckpoint(disk, location) : null;
      let reader = new JournalReader(location, source, state, whole, checkpoint);
      const isGrown = checkpoint !== null && state.size - checkpoint.size >= checkpointEvery;
      let isRestored = checkpoint !== null && (await reader.#restore(checkpoint, isGrown));
      if (isRestored) await reader.readOn();
      // Earlier heads were needed, and each opening would need them until the next checkpoint.
      if (reader.#verified >= checkpointEvery && reader.#mac === null) isRestored = false;
      if (!isRestored) {
        reader = new JournalReader(location, source, state, whole, null);
        if (isLarge) reader.#mac = new FileMac();
        await reader.readOn();
      }
      if (reader.#verified >= checkpointEvery) await reader.#writeCheckpoint(disk);
      reader.#mac = null;
      return reader;
    } catch (cause) {
      await source.close();
      throw cause;
    }
  }

  /** Reads the rest of the file. */
  async readOn(): Promise<void> {
    const { size } = await this.#source.state();
    await this.#source.chunks(
      this.chain.offset,
      size,
      async (bytes) => {
        let decided = this.#verify(bytes);
        if (this.chain.needsEarlierHeads) {
          await this.#loadEarlierHeads();
          decided += this.#verify(bytes.subarray(decided));
        }
        return decided;
      },
      () => this.keys.keptBytes(),
    );
    this.chain.checkEnd(size - this.chain.offset);
    this.size = size;
  }

  /** Returns the changes from record `first` on, at most `limit`. */
  async changes(first: number, limit: number): Promise<Change[]> {
    const from = Math.max(first, this.chain.heads.base + 1);
    const to = Math.min(this.chain.seq, from + limit - 1);
    if (from > to) return [];
    await this.loadHeads(from - 1);
    return readChanges(this.#source, this.#location.path, this.chain, from, to);
  }

  /** Makes sure that the chain knows the heads from record `seq` on, and the offsets of the records after it. */
  async loadHeads(seq: number): Promise<void> {
    const { base, first } = this.chain.heads;
    if (seq >= base && seq < first) await this.#loadEarlierHeads();
  }

  async close(): Promise<void> {
    await this.#source.close();
  }

  /**
   * Takes the keys that the checkpoint covers. Returns `false` if the bytes are not the covered ones; they are then verified.
   * @param isGrown - whether a new checkpoint will be written
   */
  async #restore(checkpoint: Checkpoint, isGrown: boolean): Promise<boolean> {
    const mac = new FileMac(checkpoint.key);
    const next = isGrown ? new FileMac() : null;
    let last: Buffer = Buffer.alloc(0);
    let isInLongLine = false;
    try {
      await this.#source.chunks(
        0,
        checkpoint.size,
        (bytes, at) => {
          const newline = isInLongLine ? bytes.indexOf(NEWLINE) : 0;
          const from = newline === -1 ? bytes.length : newline;
          let to = bytes.length;
          if (newline !== -1) {
            const isLast = at + bytes.length === checkpoint.size;
            const whole = isLast ? bytes.length : Math.max(bytes.lastIndexOf(NEWLINE), from);
            isInLongLine = whole === from && bytes.length - from > MAX_LINE + 2;
            if (!isInLongLine) to = whole;
          }
          mac.update(bytes.subarray(0, to));
          next?.update(bytes.subarray(0, to));
          last = bytes.subarray(from, to);
          // Of a long void line only the newline is kept, to count lines.
          const isVoid = isInLongLine && this.chain.voids.has(at + from + 1);
          if (last.length > 0) this.keys.restore(isVoid ? Buffer.from("\n") : last, at + from);
          return to;
        },
        () => this.keys.keptBytes(),
      );
    } catch {
      return false;
    }
    this.#mac = next;
    // With a head that is not in the file, the next writer would damage the journal.
    return mac.digest() === checkpoint.tag && endsIn(last, checkpoint.seq, checkpoint.head);
  }

  #verify(bytes: Buffer): number {
    const decided = this.keys.verify(this.chain, bytes);
    this.#mac?.update(bytes.subarray(0, decided));
    this.#verified += decided;
    return decided;
  }

  /** Verifies the bytes that the checkpoint covers, to learn their heads. */
  async #loadEarlierHeads(): Promise<void> {
    const checkpoint = this.#checkpoint;
    if (checkpoint === null) return;
    const earlier = new Chain(this.#location.path);
    await this.#source.chunks(0, checkpoint.size, (bytes) => earlier.verify(bytes, () => true));
    if (earlier.seq !== checkpoint.seq || earlier.head !== checkpoint.head) {
      throw new KeysError("STORE_DAMAGED", `${this.#location.path} was altered after it was first read`);
    }
    this.chain.addEarlierHeads(earlier.heads);
    this.#verified += checkpoint.size;
  }

  async #writeCheckpoint(disk: Disk): Promise<void> {
    const { state } = this.chain;
    const mac = this.#mac;
    if (state === null || mac === null) return;
    await writeCheckpoint(disk, this.#location, { ...state, key: mac.key, tag: mac.digest() });
  }
}
