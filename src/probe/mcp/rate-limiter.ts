import { KeysError } from "../../errors.ts";
import { sleep } from "./sleep.ts";
import { headerOf, type HttpInit, type HttpRequest, type HttpResponse } from "../../http/http.ts";

export interface RateLimiterOptions {
  readonly request: HttpRequest;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** Requests without the right key that go out in a second. */
  readonly rate: number;
  /** Requests at the same time; one counts until its answer begins, since a stream may stay open while others are asked. */
  readonly concurrency: number;
  readonly signal?: AbortSignal;
}

/** The longest a `Retry-After` is honoured, in milliseconds. */
const PATIENCE = 60_000;
/** Where a server limits the rate and does not say how long. Milliseconds. */
const PAUSE = 1000;

/**
 * What every request of a run goes through: so many at a time, those without the right key so many a second (and as many at
 * once to begin with), and none any more where the server has said 429 twice. The first 429 is waited out and asked again,
 * so that no check ever sees one.
 */
export class RateLimiter {
  readonly #options: RateLimiterOptions;
  readonly #queue: (() => void)[] = [];
  #running = 0;
  #sent = { requests: 0, wrong: 0 };
  /** When the next wrong request may go, as if all had gone out evenly. */
  #due = -Infinity;
  #pause: Promise<void> | null = null;
  /** How many had gone out when the pause ended; those from then on have no excuse. */
  #paused = Infinity;
  #stopped: string | null = null;

  constructor(options: RateLimiterOptions) {
    this.#options = options;
  }

  get sent(): { readonly requests: number; readonly wrong: number } {
    return { ...this.#sent };
  }

  /** Why nothing is sent any more, or `null`. */
  get stopped(): string | null {
    return this.#stopped;
  }

  /** For requests that present the right key. */
  readonly right: HttpRequest = (init) => this.#pass(init, false);
  /** For all others. */
  readonly wrong: HttpRequest = (init) => this.#pass(init, true);

  async #pass(init: HttpInit, wrong: boolean): Promise<HttpResponse> {
    for (;;) {
      await this.#enter(wrong);
      try {
        const order = this.#sent.requests;
        this.#sent = { requests: order + 1, wrong: this.#sent.wrong + (wrong ? 1 : 0) };
        const response = await this.#options.request(init);
        if (response.status !== 429) return response;
        response.close();
        this.#meetLimit(response, order);
      } finally {
        this.#running--;
        this.#queue.shift()?.();
      }
    }
  }

  async #enter(wrong: boolean): Promise<void> {
    if (wrong) await this.#delay();
    for (;;) {
      await this.#pause;
      if (this.#stopped !== null) throw limited(this.#stopped);
      if (this.#running < this.#options.concurrency) break;
      await new Promise<void>((go) => this.#queue.push(go));
    }
    this.#running++;
  }

  /** One that was on its way when the first 429 came is told the same thing, not a second one. */
  #meetLimit(response: HttpResponse, order: number): void {
    const wait = retryAfter(response);
    if (this.#pause !== null && order >= this.#paused) {
      this.#stop("the server limits the rate (429) and did so again after the time it named");
    } else if (this.#pause === null && wait > PATIENCE) {
      this.#stop("the server limits the rate (429) for longer than a minute");
    }
    this.#pause ??= sleep(wait, this.#options.signal).then(() => {
      this.#paused = this.#sent.requests;
    });
  }

  #stop(reason: string): void {
    this.#stopped ??= reason;
    this.#pause = Promise.resolve();
    for (const go of this.#queue.splice(0)) go();
  }

  /** As a bucket of `rate` tokens that fills at `rate` a second. */
  async #delay(): Promise<void> {
    const { now, rate } = this.#options;
    const step = 1000 / rate;
    this.#due = Math.max(this.#due + step, now() - 1000 + step);
    const wait = this.#due - now();
    if (wait > 0) await sleep(wait, this.#options.signal);
  }
}

function limited(reason: string): KeysError {
  const hint = "wait, then try again with a lower --rate, or from an address that the server does not limit";
  return new KeysError("SERVER_UNREACHABLE", reason, { hint });
}

/** In milliseconds: what is given as seconds, or as a date, which is compared with the clock of the server. */
function retryAfter(response: HttpResponse): number {
  const value = headerOf(response, "retry-after");
  if (value === undefined) return PAUSE;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const wait = Date.parse(value) - Date.parse(headerOf(response, "date") ?? "");
  return Number.isNaN(wait) ? PAUSE : Math.max(wait, 0);
}
