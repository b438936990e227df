/** Milliseconds of a burst at the chosen rate, before the server has limited anything. */
const BURST_MS = 1000;
/** Answers in a row after which the rate rises by a tenth. */
const RECOVERY = 10;
/** Up to which the rate rises again: a share of the rate that was too much, and a multiple of what the server has allowed. */
const CEILING = { ofRate: 0.8, ofMeasured: 1.25 };
/** Share of what the server has allowed that is used at first. */
const MARGIN = 0.9;

/** When the next request may be sent, and how much of the wait is the server's doing. */
export interface Turn {
  /** Milliseconds. */
  readonly wait: number;
  /** The part of `wait` that the chosen rate would not have taken. */
  readonly extra: number;
}

/**
 * The pace of requests: a token bucket whose rate falls when the server limits it, and recovers slowly. Knows no timer and no
 * server, so that it is tested with a clock of its own.
 */
export class Pace {
  readonly #chosen: number;
  readonly #now: () => number;
  #rate: number;
  #ceiling: number;
  #burstMs = BURST_MS;
  #due = -Infinity;
  #streak = 0;
  /** The window that is measured: its start, its answers, and whether the server has ended it with a limit. */
  #since: number | null = null;
  #answers = 0;
  #ended = false;
  #measured: number | null = null;

  /** @param chosen - requests per second @param now - monotonic clock, in milliseconds */
  constructor(chosen: number, now: () => number) {
    this.#chosen = chosen;
    this.#now = now;
    this.#rate = chosen;
    this.#ceiling = chosen;
  }

  /** Requests per second. */
  get rate(): number {
    return this.#rate;
  }

  /** Requests per second that the server has allowed, measured when it limited them; `null` if it never did. */
  get measured(): number | null {
    return this.#measured;
  }

  /** Takes the next turn. */
  next(): Turn {
    const now = this.#now();
    const step = 1000 / this.#rate;
    this.#since ??= now;
    this.#due = Math.max(this.#due + step, now - Math.max(0, this.#burstMs - step));
    const wait = Math.max(0, this.#due - now);
    return { wait, extra: Math.min(wait, Math.max(0, step - 1000 / this.#chosen)) };
  }

  /** Notes an answer that was not limited. */
  answered(): void {
    if (this.#ended) [this.#since, this.#answers, this.#ended] = [this.#now(), 0, false];
    this.#answers++;
    if (++this.#streak % RECOVERY === 0) this.#rate = Math.min(this.#rate * 1.1, this.#ceiling);
  }

  /**
   * Notes a limit.
   * @param wait - milliseconds until the server takes requests again
   * @param announced - whether it said so before it refused a request
   */
  limited(wait: number, announced = false): void {
    const now = this.#now();
    const passed = Math.max(1, now - (this.#since ?? now) + wait);
    this.#measured = (1000 * Math.max(1, this.#answers)) / passed;
    this.#ended = true;
    this.#streak = 0;
    if (announced) return;
    this.#ceiling = Math.min(this.#ceiling, this.#measured * CEILING.ofMeasured);
    this.#slowTo(Math.min(this.#rate / 2, this.#measured * MARGIN));
    // The next turn is at the end of the wait.
    this.#due = now + wait - 1000 / this.#rate;
  }

  /** Halves the rate because answers take longer and longer, but not below `least`. */
  slowDown(least: number): void {
    this.#streak = 0;
    if (this.#rate > least) this.#slowTo(Math.max(this.#rate / 2, least));
  }

  #slowTo(rate: number): void {
    this.#ceiling = Math.max(rate, Math.min(this.#ceiling, this.#rate * CEILING.ofRate));
    this.#rate = rate;
    this.#burstMs = 0;
  }
}
