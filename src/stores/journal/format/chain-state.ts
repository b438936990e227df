/** The state of a chain right after a record. Another chain can continue from it. */
export interface ChainState {
  /** How many bytes were decided. */
  readonly size: number;
  readonly seq: number;
  readonly head: string;
  /** The latest `at` of the records that applied. */
  readonly newest: number;
  /** See `Chain.epoch`. */
  readonly epoch: string;
  /** See `ChainHeads.base`. */
  readonly base: number;
  /** The `seq` of the last record that a compaction wrote, or 0. */
  readonly until: number;
  /** The number of lines, including the empty one at the start of the file. */
  readonly lines: number;
  /** The offsets of the void lines. */
  readonly voids: readonly number[];
}
