import { KeysError } from "../../errors.ts";
import { sleep } from "./sleep.ts";
import { headerOf, type HttpInit, type HttpRequest, type HttpResponse } from "../../http/http.ts";

export interface RateLimiterOptions {
  readonly request: HttpRequest;
  /** Monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Requests per second without the valid key. */
  readonly rate: number;
  /** Concurrent requests. A request counts until its answer starts, because streams stay open. */
  readonly concurrency: number;
  readonly signal?: AbortSignal;
}

/** Longest `Retry-After` that is waited for, in milliseconds. */
const MAX_WAIT = 60_000;
/** Milliseconds to wait after a 429 without `Retry-After`. */
const DEFAULT_WAIT = 1000;

/**
 * Sends the requests of a run. It limits concurrency, and the rate of requests without the valid key (with a burst of one second).
 * After the first 429 it waits and repeats the request; after the second it sends nothing more. Checks never see a 429.
 */
export class RateLimiter {
  readonly #options: RateLimiterOptions;
  readonly #queue: (() => void)[] = [];
  #running = 0;
  #sent = { requests: 0, wrong: 0 };
  /** When the next request without the valid key may be sent, at an even rate. */
  #due = -Infinity;
  #pause: Promise<void> | null = null;
  /** Number of requests sent before the pause ended. A 429 to a later one counts as the second. */
  #sentBeforeResume = Infinity;
  #stopped: string | null = null;

  constructor(options: RateLimiterOptions) {
    this.#options = options;
  }

  get sent(): { readonly requests: number; readonly wrong: number } {
    return { ...this.#sent };
  }

  /** Why nothing more is sent, or `null`. */
  get stopped(): string | null {
    return this.#stopped;
  }

  /** Sends requests that present the valid key. */
  readonly valid: HttpRequest = (init) => this.#send(init, false);
  /** Sends all other requests. */
  readonly wrong: HttpRequest = (init) => this.#send(init, true);

  async #send(init: HttpInit, wrong: boolean): Promise<HttpResponse> {
    for (;;) {
      await this.#acquire(wrong);
      try {
        const order = this.#sent.requests;
        this.#sent = { requests: order + 1, wrong: this.#sent.wrong + (wrong ? 1 : 0) };
        const response = await this.#options.request(init);
        if (response.status !== 429) return response;
        response.close();
        this.#handleLimit(response, order);
      } finally {
        this.#running--;
        this.#queue.shift()?.();
      }
    }
  }

  async #acquire(wrong: boolean): Promise<void> {
    if (wrong) await this.#waitForRate();
    for (;;) {
      await this.#pause;
      if (this.#stopped !== null) throw limited(this.#stopped);
      if (this.#running < this.#options.concurrency) break;
      await new Promise<void>((go) => this.#queue.push(go));
    }
    this.#running++;
  }

  /** A 429 to a request that was already sent counts as part of the first one. */
  #handleLimit(response: HttpResponse, order: number): void {
    const wait = retryAfter(response);
    if (this.#pause !== null && order >= this.#sentBeforeResume) {
      this.#stop("the server answered 429 again after waiting as long as it asked");
    } else if (this.#pause === null && wait > MAX_WAIT) {
      this.#stop("the server limits the rate (429) and asks to wait more than a minute");
    }
    this.#pause ??= sleep(wait, this.#options.signal).then(() => {
      this.#sentBeforeResume = this.#sent.requests;
    });
  }

  #stop(reason: string): void {
    this.#stopped ??= reason;
    this.#pause = Promise.resolve();
    for (const go of this.#queue.splice(0)) go();
  }

  /** Waits like a token bucket that holds `rate` tokens and refills at `rate` per second. */
  async #waitForRate(): Promise<void> {
    const { now, rate } = this.#options;
    const step = 1000 / rate;
    this.#due = Math.max(this.#due + step, now() - 1000 + step);
    const wait = this.#due - now();
    if (wait > 0) await sleep(wait, this.#options.signal);
  }
}

function limited(reason: string): KeysError {
  const hint = "try again later with a lower --rate, or from an IP address that the server does not limit";
  return new KeysError("SERVER_UNREACHABLE", reason, { hint });
}

/** Returns `Retry-After` in milliseconds. A date is compared with the clock of the server. */
function retryAfter(response: HttpResponse): number {
  const value = headerOf(response, "retry-after");
  if (value === undefined) return DEFAULT_WAIT;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const wait = Date.parse(value) - Date.parse(headerOf(response, "date") ?? "");
  return Number.isNaN(wait) ? DEFAULT_WAIT : Math.max(wait, 0);
}
