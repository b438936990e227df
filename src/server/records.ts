import { KeysError } from "../errors.ts";

/** Part of the records, as bytes, as 32-bit and as 64-bit numbers. */
export interface Chunk {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly numbers: Float64Array;
}

const SHIFT = 10;
/** What to add to the number of a record so as to have its place in the chunk. */
const MASK = (1 << SHIFT) - 1;

/**
 * Records of one width, numbered from 1 so that 0 can stand for none. In chunks outside the heap: growing copies nothing, and
 * the collector has nothing to look at.
 */
export class Records {
  count = 0;
  readonly #width: number;
  readonly #chunks: Chunk[] = [];

  /** @param width - bytes, a multiple of 8 */
  constructor(width: number) {
    this.#width = width;
  }

  /** Adds a record of zeros, and returns its number. */
  add(): number {
    if (this.count >> SHIFT === this.#chunks.length) {
      const memory = new ArrayBuffer(this.#width << SHIFT);
      this.#chunks.push({
        bytes: Buffer.from(memory),
        words: new Uint32Array(memory),
        numbers: new Float64Array(memory),
      });
    }
    return ++this.count;
  }

  /** The chunk that holds a record. */
  chunkOf(row: number): Chunk {
    const chunk = this.#chunks[(row - 1) >> SHIFT];
    if (chunk === undefined) throw new KeysError("BUG", "a record is asked for that is not there");
    return chunk;
  }

  /** Where a record starts in its chunk, in units of `size` bytes. */
  startOf(row: number, size: 1 | 4 | 8): number {
    return ((row - 1) & MASK) * (this.#width / size);
  }
}
