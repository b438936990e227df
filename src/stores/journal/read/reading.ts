import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { KeysError } from "../../../errors.ts";
import type { Change } from "../../store.ts";
import { readChanges } from "./changes.ts";
import { Chain } from "../format/chain.ts";
import type { Disk } from "../disk/disk.ts";
import type { Place } from "../disk/folder.ts";
import { LazyKeys } from "./lazy-keys.ts";
import { endsIn } from "../format/line.ts";
import { readMark, writeMark } from "./checkpoint.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { openPrivate } from "../disk/open.ts";
import type { FileState } from "../disk/open.ts";
import { Source } from "../disk/source.ts";

const NEWLINE = 10;

/** How a file is to be read. */
export interface ReadingOptions {
  /** All keys are wanted, so they are parsed as they are read. */
  readonly whole: boolean;
  /** So many bytes make a mark worth while: smaller files have none, and who walked so far beyond one writes the next. */
  readonly checkpointEvery: number;
}

/** One file of a journal, held open, as far as it has been read. */
export class Reading {
  readonly file: FileState;
  readonly chain: Chain;
  readonly keys: LazyKeys;
  /** How long the file was when it was last read to its end. */
  size = 0;
  readonly #place: Place;
  readonly #source: Source;
  readonly #checkpoint: Checkpoint | null;
  /** Of all bytes that are decided, while it is opened. */
  #sum: Hash | null = null;
  /** How many bytes of them were walked. */
  #walked = 0;

  private constructor(place: Place, source: Source, file: FileState, whole: boolean, checkpoint: Checkpoint | null) {
    this.#place = place;
    this.#source = source;
    this.file = file;
    this.#checkpoint = checkpoint;
    this.chain = new Chain(place.path, checkpoint);
    this.keys = new LazyKeys(place, this.chain.voids, file.size, whole);
  }

  /** Opens the file and reads it. `null` when it is not there. */
  static async open(disk: Disk, place: Place, { whole, checkpointEvery }: ReadingOptions): Promise<Reading | null> {
    const opened = await openPrivate(disk, place.path, "read", place.uid);
    if (opened === null) return null;
    const { handle, state } = opened;
    const source = new Source(place, handle);
    try {
      const isLarge = state.size >= checkpointEvery;
      const checkpoint = isLarge ? await readMark(disk, place) : null;
      let reading = new Reading(place, source, state, whole, checkpoint);
      if (checkpoint !== null && !(await reading.#restore(checkpoint)))
        reading = new Reading(place, source, state, whole, null);
      if (isLarge) reading.#sum ??= createHash("sha256");
      await reading.readOn();
      if (reading.#walked >= checkpointEvery) await reading.#leaveMark(disk);
      reading.#sum = null;
      return reading;
    } catch (cause) {
      await source.close();
      throw cause;
    }
  }

  /** Reads from where it stands to the end of the file. */
  async readOn(): Promise<void> {
    const { size } = await this.#source.state();
    await this.#source.pieces(this.chain.offset, size, this.keys.keepsBytes, async (bytes) => {
      let decided = this.#walk(bytes);
      if (this.chain.forgot) {
        await this.#recall();
        decided += this.#walk(bytes.subarray(decided));
      }
      return decided;
    });
    this.chain.checkEnd(size - this.chain.offset);
    this.size = size;
  }

  /** The changes from record `first` on, at most `limit`. */
  async changes(first: number, limit: number): Promise<Change[]> {
    const from = Math.max(first, this.chain.heads.base + 1);
    const to = Math.min(this.chain.seq, from + limit - 1);
    if (from > to) return [];
    await this.recallFrom(from - 1);
    return readChanges(this.#source, this.#place.path, this.chain, from, to);
  }

  /** Sees to it that the heads from record `seq` on are known, and where the lines behind it start. */
  async recallFrom(seq: number): Promise<void> {
    const { base, first } = this.chain.heads;
    if (seq >= base && seq < first) await this.#recall();
  }

  async close(): Promise<void> {
    await this.#source.close();
  }

  /** Takes what the mark covers, unless it is of other bytes than these. What is wrong with them the walk will say. */
  async #restore(checkpoint: Checkpoint): Promise<boolean> {
    const sum = createHash("sha256");
    let last: Buffer = Buffer.alloc(0);
    try {
      await this.#source.pieces(0, checkpoint.size, this.keys.keepsBytes, (bytes, at) => {
        const isLast = at + bytes.length === checkpoint.size;
        last = isLast ? bytes : bytes.subarray(0, Math.max(bytes.lastIndexOf(NEWLINE), 0));
        sum.update(last);
        this.keys.restore(last, at);
        return last.length;
      });
    } catch {
      return false;
    }
    this.#sum = sum;
    // A head that is not in the file would make the next writer damage it.
    return sum.copy().digest("hex") === checkpoint.sha256 && endsIn(last, checkpoint.seq, checkpoint.head);
  }

  #walk(bytes: Buffer): number {
    const decided = this.keys.walk(this.chain, bytes);
    this.#sum?.update(bytes.subarray(0, decided));
    this.#walked += decided;
    return decided;
  }

  /** Walks what was taken as walked, to know the heads it had. */
  async #recall(): Promise<void> {
    const checkpoint = this.#checkpoint;
    if (checkpoint === null) return;
    const past = new Chain(this.#place.path);
    await this.#source.pieces(0, checkpoint.size, false, (bytes) => past.walk(bytes, () => true));
    if (past.seq !== checkpoint.seq || past.head !== checkpoint.head) {
      throw new KeysError("STORE_DAMAGED", `${this.#place.path} was altered since it was read`);
    }
    this.chain.recall(past.heads);
    this.#walked += checkpoint.size;
  }

  async #leaveMark(disk: Disk): Promise<void> {
    const { state } = this.chain;
    const sha256 = this.#sum?.digest("hex");
    if (state !== null && sha256 !== undefined) await writeMark(disk, this.#place, { ...state, sha256 });
  }
}
