import { KeysError } from "../../errors.ts";

/** The bytes of a record. A cache line holds 64, and each that is waited for costs as much as half a digest. */
const RECORD_BYTES = 128;
/** So many records are in a chunk of 1 MiB, of which the system gives only what is written to. */
const CHUNK = 8192;

/** Part of the records, as bytes, as 32-bit and as 64-bit numbers. */
export interface Chunk {
  readonly bytes: Buffer;
  readonly words: Int32Array;
  readonly numbers: Float64Array;
}

/**
 * Records of one width, numbered from 1 so that 0 can stand for none. In chunks outside the heap: growing copies nothing, and
 * the collector has nothing to look at.
 */
export class Records {
  count = 0;
  readonly #chunks: Chunk[] = [];

  /** Adds a record of zeros, and returns its number. */
  add(): number {
    const row = ++this.count;
    if (row >> 13 === this.#chunks.length || this.#chunks.length === 0) {
      const memory = new ArrayBuffer(RECORD_BYTES * CHUNK);
      this.#chunks.push({
        bytes: Buffer.from(memory),
        words: new Int32Array(memory),
        numbers: new Float64Array(memory),
      });
    }
    return row;
  }

  /** The chunk that holds a record. */
  chunkOf(row: number): Chunk {
    const chunk = this.#chunks[row >> 13];
    if (chunk === undefined) throw new KeysError("BUG", "a record is asked for that is not there");
    return chunk;
  }
}

/** Where a record starts in its chunk, as a place in `bytes`. */
export function byteOf(row: number): number {
  return (row & 8191) << 7;
}

/** The same in `words`. */
export function wordOf(row: number): number {
  return (row & 8191) << 5;
}

/** The same in `numbers`. */
export function numberOf(row: number): number {
  return (row & 8191) << 4;
}
