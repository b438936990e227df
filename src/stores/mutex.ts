/** Runs one job at a time, in the order of the calls. A failed job does not block the next one. */
export class Mutex {
  #last: Promise<void> = Promise.resolve();

  run<T>(job: () => Promise<T>): Promise<T> {
    const result = this.#last.then(job, job);
    // Drops the result; otherwise it would stay in memory until the next job.
    this.#last = result.then(ignore, ignore);
    return result;
  }
}

function ignore(): void {
  // Neither the value nor the error matters to the next job.
}
