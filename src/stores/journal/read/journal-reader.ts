import { KeysError } from "../../../errors.ts";
import type { Change } from "../../store.ts";
import { readChanges } from "./changes.ts";
import { Chain } from "../format/chain.ts";
import type { Disk } from "../disk/disk.ts";
import type { JournalLocation } from "../disk/folder.ts";
import { LazyKeys } from "./lazy-keys.ts";
import type { Indexed } from "./lazy-keys.ts";
import { lineAt, MAX_LINE, USUAL_LINE } from "../format/line.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { CheckpointDraft } from "./checkpoint-draft.ts";
import { IndexedKeys } from "./indexed-keys.ts";
import { MAX_INDEXED } from "./line-index.ts";
import { restore } from "./restore.ts";
import { openPrivate } from "../disk/open.ts";
import type { FileState } from "../disk/open.ts";
import { Source } from "../disk/source.ts";

/** Which keys will be needed: `some`, by looking them up; `all`, later; or all `parsed`, while they are read. */
export type NeededKeys = "some" | "all" | "parsed";

export interface JournalReaderOptions {
  readonly need: NeededKeys;
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
  /** What the checkpoint covers. Without its index, which takes memory. */
  readonly #covered: Pick<Checkpoint, "size" | "seq" | "head"> | null;
  /** Covers all decided bytes. Only set while the file is being opened. */
  #draft: CheckpointDraft | null = null;
  /** How many bytes were verified line by line. */
  #verified = 0;

  private constructor(
    location: JournalLocation,
    source: Source,
    file: FileState,
    need: NeededKeys,
    checkpoint: Checkpoint | null,
  ) {
    this.#location = location;
    this.#source = source;
    this.file = file;
    this.#covered = checkpoint && { size: checkpoint.size, seq: checkpoint.seq, head: checkpoint.head };
    this.chain = new Chain(location.path, checkpoint);
    const indexed = checkpoint !== null && need === "some" ? this.#indexed(checkpoint) : null;
    const size = file.size - (indexed?.size ?? 0);
    this.keys = new LazyKeys(location, this.chain.voids, size, need === "parsed", indexed);
  }

  /** Opens the file and reads it to the end. Returns `null` if it is missing. */
  static async open(
    disk: Disk,
    location: JournalLocation,
    { need, checkpointEvery }: JournalReaderOptions,
  ): Promise<JournalReader | null> {
    const opened = await openPrivate(disk, location.path, "read", location);
    if (opened === null) return null;
    const { handle, state } = opened;
    const source = new Source(location, handle);
    try {
      const isLarge = state.size >= checkpointEvery;
      const checkpoint = isLarge ? await readCheckpoint(disk, location, state.size) : null;
      let reader = new JournalReader(location, source, state, need, checkpoint);
      const isGrown = checkpoint !== null && state.size - checkpoint.size >= checkpointEvery;
      let isRestored = checkpoint !== null && (await reader.#restore(checkpoint, isGrown));
      if (isRestored) await reader.readOn();
      // Earlier heads were needed, and each opening would need them until the next checkpoint.
      if (reader.#verified >= checkpointEvery && reader.#draft === null) isRestored = false;
      if (!isRestored) {
        reader = new JournalReader(location, source, state, need, null);
        if (isLarge) reader.#draft = new CheckpointDraft();
        await reader.readOn();
      }
      if (reader.#verified >= checkpointEvery) await reader.#writeCheckpoint(disk);
      reader.#draft = null;
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
    this.#draft = isGrown ? new CheckpointDraft(checkpoint.index) : null;
    return restore(this.#source, checkpoint, this.keys, this.#draft);
  }

  #verify(bytes: Buffer): number {
    const decided = this.keys.verify(this.chain, bytes, this.#draft);
    this.#draft?.cover(bytes.subarray(0, decided));
    this.#verified += decided;
    return decided;
  }

  #indexed({ index, lines, size }: Checkpoint): Indexed {
    return { keys: new IndexedKeys(index, (offset) => this.#readLine(offset), this.#location.path), lines, size };
  }

  /** Returns the line at an offset, without its tab or newline. The last line may have neither. */
  #readLine(offset: number): Buffer {
    for (let size = USUAL_LINE; ; size *= 4) {
      const bytes = this.#source.readNow(offset, Buffer.allocUnsafe(size));
      const line = lineAt(bytes, 0);
      if (line !== null || bytes.length < size || size > MAX_LINE) return line ?? bytes;
    }
  }

  /** Verifies the bytes that the checkpoint covers, to learn their heads. */
  async #loadEarlierHeads(): Promise<void> {
    const covered = this.#covered;
    if (covered === null) return;
    const earlier = new Chain(this.#location.path);
    await this.#source.chunks(0, covered.size, (bytes) => earlier.verify(bytes, () => true));
    if (earlier.seq !== covered.seq || earlier.head !== covered.head) {
      throw new KeysError("STORE_DAMAGED", `${this.#location.path} was altered after it was first read`);
    }
    this.chain.addEarlierHeads(earlier.heads);
    this.#verified += covered.size;
  }

  async #writeCheckpoint(disk: Disk): Promise<void> {
    const { state } = this.chain;
    if (state === null || this.#draft === null || state.size > MAX_INDEXED) return;
    await writeCheckpoint(disk, this.#location, this.#draft.finish(state));
  }
}
