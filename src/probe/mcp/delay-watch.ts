/** Answers that tell the usual delay. */
const BASELINE = 5;
/** Answers in a row that must be slow: a single one may have another reason. */
const SLOW_IN_ROW = 5;
/** An answer is slow if it takes so many times as long as usual, and so many milliseconds longer. */
const FACTOR = 4;
const MARGIN_MS = 500;

/** Notices that answers take longer and longer. */
export class DelayWatch {
  readonly #first: number[] = [];
  #slow = 0;
  /** Whether answers took longer and longer at some time. */
  hasGrown = false;

  /** Notes the milliseconds until an answer, and returns whether to slow down. */
  note(delay: number): boolean {
    if (this.#first.length < BASELINE) {
      this.#first.push(delay);
      return false;
    }
    const usual = [...this.#first].sort((a, b) => a - b)[Math.floor(BASELINE / 2)] ?? delay;
    this.#slow = delay > usual * FACTOR && delay > usual + MARGIN_MS ? this.#slow + 1 : 0;
    if (this.#slow < SLOW_IN_ROW) return false;
    this.#slow = 0;
    this.hasGrown = true;
    return true;
  }
}
