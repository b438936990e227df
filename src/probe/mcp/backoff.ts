/** Milliseconds to wait after a 429 without `Retry-After`. */
const FIRST_WAIT = 1000;

/** How long to wait after a limit, if the server does not say or its answer was too short. */
export class Backoff {
  #next = FIRST_WAIT;
  /** Milliseconds of waiting since the last answer. */
  #waited = 0;
  #asked: number | null = null;

  /** Milliseconds that the server asked for at the last limit. */
  get asked(): number | null {
    return this.#asked;
  }

  /** Returns the milliseconds to wait. @param asked - what the server asks for, or `null` */
  waitFor(asked: number | null): number {
    this.#asked = asked;
    return this.#waited > 0 ? Math.max(asked ?? 0, this.#next) : (asked ?? this.#next);
  }

  /** Notes a wait, after which the next one is twice as long. */
  waited(wait: number): void {
    this.#waited += Math.max(1, wait);
    this.#next *= 2;
  }

  /** Notes an answer. The next limit starts with half of what this one took. */
  answered(): void {
    if (this.#waited > 0) this.#next = Math.max(FIRST_WAIT, this.#waited / 2);
    this.#waited = 0;
  }
}
