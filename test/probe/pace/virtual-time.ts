/** A clock that advances to the next timer when nothing else is left to do. */
export class VirtualTime {
  #now = 0;
  readonly #timers: { readonly at: number; readonly wake: () => void }[] = [];

  readonly now = (): number => this.#now;

  readonly sleep = (ms: number): Promise<void> =>
    new Promise((wake) => void this.#timers.push({ at: this.#now + Math.max(0, ms), wake }));

  /** Lets time pass until `work` has ended. Throws if it still waits for something else. */
  async run<T>(work: Promise<T>): Promise<T> {
    const state = { ended: false };
    const settled = work.finally(() => (state.ended = true));
    settled.catch(() => undefined);
    for (let turns = 0; turns < 1_000_000; turns++) {
      await new Promise((resolve) => void setImmediate(resolve));
      if (state.ended) return settled;
      this.#timers.sort((a, b) => a.at - b.at);
      const timer = this.#timers.shift();
      if (timer === undefined) throw new Error("the work waits for something other than the clock");
      this.#now = Math.max(this.#now, timer.at);
      timer.wake();
    }
    throw new Error("the work does not end");
  }
}
