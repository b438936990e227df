import { callHook } from "../verifier/call-hook.ts";

/** One in so many calls is timed: reading the clock twice would cost up to a tenth of a verdict. A power of two. */
export const TIMED_ONE_IN = 32;

/** Upper bounds in seconds. A verdict takes about a microsecond, and a pause of the garbage collector some milliseconds. */
export const BOUNDS: readonly number[] = [5e-7, 1e-6, 2e-6, 5e-6, 1e-5, 2.5e-5, 1e-4, 1e-3, 1e-2, 1e-1];

/** A histogram of how long verdicts take, from a sample of them. */
export class Durations {
  /** How many were within each of {@link BOUNDS} and above the one before; the last are those above all bounds. */
  readonly counts: number[] = Array.from({ length: BOUNDS.length + 1 }, () => 0);
  /** Seconds. */
  sum = 0;
  readonly #ticks: () => number;
  readonly #listeners = new Set<(seconds: number) => void>();

  /** @param ticks - returns milliseconds of a monotonic clock */
  constructor(ticks: () => number) {
    this.#ticks = ticks;
  }

  /** Wraps a function to time some of its calls. */
  time<A, B, R>(run: (a: A, b: B) => R): (a: A, b: B) => R {
    let calls = 0;
    return (a, b) => {
      calls = (calls + 1) & (TIMED_ONE_IN - 1);
      return calls === 0 ? this.#timeOne(run, a, b) : run(a, b);
    };
  }

  #timeOne<A, B, R>(run: (a: A, b: B) => R, a: A, b: B): R {
    const start = this.#ticks();
    try {
      return run(a, b);
    } finally {
      this.add((this.#ticks() - start) / 1000);
    }
  }

  add(seconds: number): void {
    const slot = BOUNDS.findIndex((bound) => seconds <= bound);
    const i = slot < 0 ? BOUNDS.length : slot;
    this.counts[i] = (this.counts[i] ?? 0) + 1;
    this.sum += seconds;
    // An error must not replace the verdict.
    for (const listener of this.#listeners) callHook(listener, seconds, () => undefined);
  }

  /** Calls `listener` with each duration in seconds. Returns a function that ends it. */
  listen(listener: (seconds: number) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
