/** The kind of a request. `control` presents the valid key ahead of all that wait, to find out whether it still works. */
export type RequestKind = "valid" | "wrong" | "control";

/** Announced requests that are left unspent: the last one may lock this client out. */
export const RESERVE = 2;

/** Counts the running requests, and says when another one may start. */
export class Slots {
  readonly #concurrency: number;
  readonly #queue: (() => void)[] = [];
  #running = { all: 0, wrong: 0 };
  /** Requests without the valid key that are left until an announced limit; `null` if none was announced. */
  #left: number | null = null;
  /** Whether a pause is over and nothing was answered since. */
  #isCautious = false;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  isFree(kind: RequestKind): boolean {
    if (kind === "control") return true;
    if (this.#running.all >= this.#concurrency) return false;
    return kind === "valid" || this.#running.wrong === 0 || !this.#isOneAtATime();
  }

  /** Resolves when a request has ended, or when all waits are called off. */
  next(): Promise<void> {
    return new Promise((go) => this.#queue.push(go));
  }

  start(kind: RequestKind): void {
    this.#add(kind, 1);
  }

  end(kind: RequestKind): void {
    this.#add(kind, -1);
    this.#queue.shift()?.();
  }

  /** Calls off all waits. */
  wakeAll(): void {
    for (const go of this.#queue.splice(0)) go();
  }

  /** Notes that a pause is over: one request at a time until one is answered. */
  resume(): void {
    this.#left = null;
    this.#isCautious = true;
  }

  answered(): void {
    this.#isCautious = false;
  }

  /** Notes how many requests the server announces to be left. */
  announced(remaining: number): void {
    // Answers overtake each other. A much larger number means a new window.
    const isNew = this.#left === null || remaining > this.#left + this.#concurrency;
    this.#left = isNew ? remaining : Math.min(remaining, this.#left ?? remaining);
  }

  /** Returns whether more concurrent requests could exceed the limit. */
  #isOneAtATime(): boolean {
    return this.#isCautious || (this.#left !== null && this.#left - this.#running.wrong <= RESERVE);
  }

  #add(kind: RequestKind, count: number): void {
    this.#running = { all: this.#running.all + count, wrong: this.#running.wrong + (kind === "wrong" ? count : 0) };
  }
}
