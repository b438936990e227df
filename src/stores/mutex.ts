/** Lets one job in at a time, in the order of the calls. A job that fails does not hold up the next. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  take<T>(job: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(job, job);
    // What a job gave is not held until the next one.
    this.#last = turn.then(nothing, nothing);
    return turn;
  }
}

function nothing(): void {
  // Neither a value nor a fault.
}
