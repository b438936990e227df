import type { FileHandle } from "node:fs/promises";
import { KeysError } from "../../errors.ts";
import type { Change } from "../store.ts";
import { Chain } from "./chain.ts";
import type { Disk } from "./disk.ts";
import { faultOf } from "./fault.ts";
import type { Place } from "./folder.ts";
import { Holdings } from "./holdings.ts";
import { verifiedSum } from "./line.ts";
import { checkPrivate, openPrivate } from "./open.ts";
import type { FileState } from "./open.ts";
import { parseRecord } from "./record.ts";

const PIECE = 1024 * 1024;
const TAB = 9;
const NEWLINE = 10;

/** One file of a journal, held open, as far as it has been read. */
export class Reading {
  readonly file: FileState;
  readonly chain: Chain;
  readonly keys: Holdings;
  /** How long the file was when it was last read to its end. */
  size = 0;
  readonly #place: Place;
  readonly #handle: FileHandle;

  private constructor(place: Place, handle: FileHandle, file: FileState, whole: boolean) {
    this.#place = place;
    this.#handle = handle;
    this.file = file;
    this.chain = new Chain(place.path);
    this.keys = new Holdings(place.path, this.chain.voids, file.size, whole);
  }

  /** Opens the file and reads it. `null` when it is not there. */
  static async open(disk: Disk, place: Place, whole: boolean): Promise<Reading | null> {
    const opened = await openPrivate(disk, place.path, "read", place.uid);
    if (opened === null) return null;
    const reading = new Reading(place, opened.handle, opened.state, whole);
    try {
      await reading.readOn();
      return reading;
    } catch (cause) {
      await reading.close();
      throw cause;
    }
  }

  /** Reads from where it stands to the end of the file. */
  async readOn(): Promise<void> {
    const { size } = await this.#state();
    let piece = PIECE;
    let scratch: Buffer | null = null;
    while (this.chain.offset < size) {
      const length = Math.min(piece, size - this.chain.offset);
      // Where the bytes are parsed and done with, one buffer serves for all of them.
      if (scratch === null || scratch.length < length || this.keys.keepsBytes) scratch = Buffer.allocUnsafeSlow(length);
      const bytes = await this.#read(this.chain.offset, scratch.subarray(0, length));
      const decided = this.keys.walk(this.chain, bytes);
      if (bytes.length < length || this.chain.offset + bytes.length - decided === size) break;
      // A line longer than the piece: take more at once.
      piece = decided === 0 ? piece * 2 : PIECE;
    }
    this.chain.checkEnd(size - this.chain.offset);
    this.size = size;
  }

  /** The changes from record `first` on, at most `limit`. */
  async changes(first: number, limit: number): Promise<Change[]> {
    const { heads, seq, offset } = this.chain;
    const from = Math.max(first, heads.base + 1);
    const to = Math.min(seq, from + limit - 1);
    if (from > to) return [];
    const start = heads.startOf(from);
    const end = to === seq ? offset : heads.startOf(to + 1);
    const bytes = await this.#read(start, Buffer.allocUnsafeSlow(end - start));
    const changes: Change[] = [];
    for (let each = from; each <= to; each++) changes.push(this.#changeAt(bytes, heads.startOf(each) - start, each));
    return changes;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  #changeAt(bytes: Buffer, start: number, seq: number): Change {
    const newline = bytes.indexOf(NEWLINE, start);
    let end = newline === -1 ? bytes.length : newline;
    const tab = bytes.indexOf(TAB, start);
    if (tab !== -1 && tab < end) end = tab;
    const sum = verifiedSum(bytes, start, end);
    const record =
      sum !== null && this.chain.heads.has(seq, sum) ? parseRecord(bytes.toString("utf8", start, end)) : null;
    if (record === null) {
      throw new KeysError("STORE_DAMAGED", `record ${seq} of ${this.#place.path} was altered since it was read`);
    }
    return record.change;
  }

  async #state(): Promise<FileState> {
    const { path, uid } = this.#place;
    try {
      return checkPrivate(await this.#handle.stat({ bigint: true }), path, uid);
    } catch (cause) {
      throw faultOf(cause, "read", path);
    }
  }

  /** Fills `bytes` from `position` on, or as much of them as there is. */
  async #read(position: number, bytes: Buffer): Promise<Buffer> {
    let filled = 0;
    try {
      while (filled < bytes.length) {
        const { bytesRead } = await this.#handle.read(bytes, filled, bytes.length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
    } catch (cause) {
      throw faultOf(cause, "read", this.#place.path);
    }
    return bytes.subarray(0, filled);
  }
}
