/** Answers that tell the usual delay. */
const BASELINE = 5;
/** Answers in a row that must be slow, and not all at the same time: both the server and this machine can be busy for a moment. */
const SLOW_IN_ROW = 5;
/** An answer is slow if it takes so many times as long as usual, and so many milliseconds longer. */
const FACTOR = 4;
const MARGIN_MS = 500;

/** Notices that answers take longer and longer. */
export class DelayWatch {
  readonly #first: number[] = [];
  #slow = 0;
  /** When the first of the slow answers in a row came. */
  #since = 0;
  /** Whether answers took longer and longer at some time. */
  hasGrown = false;

  /** Notes when a request was sent and answered, in milliseconds, and returns whether to slow down. */
  note(sent: number, answered: number): boolean {
    const delay = answered - sent;
    if (this.#first.length < BASELINE) {
      this.#first.push(delay);
      return false;
    }
    const usual = [...this.#first].sort((a, b) => a - b)[Math.floor(BASELINE / 2)] ?? delay;
    this.#slow = delay > usual * FACTOR && delay > usual + MARGIN_MS ? this.#slow + 1 : 0;
    if (this.#slow === 1) this.#since = answered;
    if (this.#slow < SLOW_IN_ROW || sent < this.#since) return false;
    this.#slow = 0;
    this.hasGrown = true;
    return true;
  }
}
