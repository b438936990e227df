const WIDTH = 32;

/**
 * The heads a journal has had, by `seq`: the first 128 bits of each `sum`, and where its line starts. 40 bytes a record,
 * so that a line that lost a race is told from an altered one without reading the file again.
 */
export class Heads {
  /** The `seq` of the record before the first one of the file: 0, unless the journal was compacted. */
  readonly base: number;
  /** The first `seq` that is known: {@link base}, unless the reading began at a mark. Where its line starts is not known. */
  readonly first: number;
  #count = 0;
  #sums: Buffer;
  #starts: Float64Array;

  /** @param sum - The `sum` of the record `first`. */
  constructor(base: number, sum: string, first = base) {
    const capacity = 64;
    this.base = base;
    this.first = first;
    this.#sums = Buffer.alloc(capacity * WIDTH);
    this.#starts = new Float64Array(capacity);
    this.push(sum, 0);
  }

  push(sum: string, start: number): void {
    if (this.#count === this.#starts.length) this.#grow();
    this.#sums.write(sum, this.#count * WIDTH, WIDTH, "latin1");
    this.#starts[this.#count++] = start;
  }

  /** Forgets what came after record `seq`. */
  truncate(seq: number): void {
    this.#count = Math.max(seq - this.first + 1, 1);
  }

  /** Whether the record `seq` had this `sum`. */
  has(seq: number, sum: string): boolean {
    const at = (seq - this.first) * WIDTH;
    if (seq < this.first || at >= this.#count * WIDTH) return false;
    return this.#sums.toString("latin1", at, at + WIDTH) === sum.slice(0, WIDTH);
  }

  /** What {@link has} compares of the record `seq`. */
  prefixOf(seq: number): string {
    const at = (seq - this.first) * WIDTH;
    return this.#sums.toString("latin1", at, at + WIDTH);
  }

  /** Where the line of record `seq` starts in the file, behind its newline. */
  startOf(seq: number): number {
    return this.#starts[seq - this.first] ?? 0;
  }

  /** Puts behind these heads those that `later` knows besides, as if they had been pushed here. */
  append(later: Heads): void {
    const end = later.first + later.#count;
    for (let seq = later.first + 1; seq < end; seq++) this.push(later.prefixOf(seq), later.startOf(seq));
  }

  #grow(): void {
    const sums = Buffer.alloc(this.#sums.length * 2);
    this.#sums.copy(sums);
    const starts = new Float64Array(this.#starts.length * 2);
    starts.set(this.#starts);
    this.#sums = sums;
    this.#starts = starts;
  }
}
