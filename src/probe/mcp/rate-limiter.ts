import { KeysError } from "../../errors.ts";
import type { HttpInit, HttpRequest, HttpResponse } from "../../http/http.ts";
import { Backoff } from "./backoff.ts";
import { DelayWatch } from "./delay-watch.ts";
import { readAnnouncedLimit, readRetryAfter } from "./limit-headers.ts";
import { Pace } from "./pace.ts";
import { formatRate } from "./request-rate.ts";
import { sleep } from "../../core/sleep.ts";
import { RESERVE, Slots, type RequestKind } from "./slots.ts";

export interface RateLimiterOptions {
  readonly request: HttpRequest;
  /** Monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** Requests per second without the valid key. */
  readonly rate: number;
  /** Concurrent requests. A request counts until its answer starts, because streams stay open. */
  readonly concurrency: number;
  /** Milliseconds that a run may take longer, in all, because the server limits the rate. Default: {@link DEFAULT_LIMIT_PATIENCE_MS}. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
  /** Waits, on the same clock. For tests. */
  readonly sleep?: typeof sleep;
}

/** Why nothing more is sent without the valid key. */
export interface RateStop {
  /** Completes "not sent, because …". */
  readonly reason: string;
  /** Requests per second that the server allows, as far as it was measured. */
  readonly rate: number | null;
  /** Whether the server does not take the valid key either. */
  readonly blocked: boolean;
  /** Milliseconds after which the server takes requests again, if it said so. */
  readonly retryMs?: number | null;
}

/** Milliseconds that a run waits in all for a server that limits the rate. */
export const DEFAULT_LIMIT_PATIENCE_MS = 60_000;
/** A 503 that stays for so many tries is the server's answer. */
const TRIES_OF_503 = 3;
/** Growing delays do not slow a run down below this, in requests per second. */
const LEAST_RATE = 1;

/**
 * Sends the requests of a run, at the pace that the server allows. After a 429, or a 503 with `Retry-After`, it waits, repeats the request and goes on at
 * half the rate or less; it stops when the waits exceed the patience. It pauses before an announced limit is used up. Checks never
 * see a 429. Requests with the valid key are not slowed down, unless the server limits them too.
 */
export class RateLimiter {
  readonly #options: RateLimiterOptions;
  readonly #pace: Pace;
  readonly #slots: Slots;
  readonly #backoff = new Backoff();
  readonly #delays = new DelayWatch();
  readonly #sentAt = new WeakMap<HttpResponse, number>();
  #sent = { requests: 0, wrong: 0 };
  /** The paced requests, one after the other. */
  #line: Promise<unknown> = Promise.resolve();
  #pause: Promise<void> | null = null;
  /** Number of requests sent before the last pause ended. A 429 to an earlier one belongs to the limit before it. */
  #sentBeforeResume = 0;
  /** Number of pauses. */
  #limits = 0;
  /** Milliseconds lost to the limits of the server. */
  #lost = 0;
  #limitsValid = false;
  #accepts503 = false;
  #stopped: RateStop | null = null;
  /** Called before each request without the valid key is sent. */
  beforeWrong: (() => Promise<void>) | null = null;

  constructor(options: RateLimiterOptions) {
    this.#options = options;
    this.#slots = new Slots(options.concurrency);
    this.#pace = new Pace(options.rate, options.now);
  }

  get sent(): { readonly requests: number; readonly wrong: number } {
    return { ...this.#sent };
  }

  /** Why nothing more is sent without the valid key, or `null`. */
  get stopped(): RateStop | null {
    return this.#stopped;
  }

  /** Whether the server has limited the rate, or answered ever more slowly. */
  readonly hasLimited = (): boolean => this.#limits > 0 || this.#delays.hasGrown || this.#stopped !== null;

  /** Requests per second without the valid key, at present. */
  get rate(): number {
    return this.#pace.rate;
  }

  /** Sends requests that present the valid key. */
  readonly valid: HttpRequest = (init) => this.#send(init, "valid");
  /** Sends all other requests. */
  readonly wrong: HttpRequest = (init) => this.#send(init, "wrong");
  /** Sends requests that present the valid key, ahead of all that wait. */
  readonly control: HttpRequest = (init) => this.#send(init, "control");

  /** Returns when the request of a response was sent, on the clock of the run. */
  sentAt(response: HttpResponse): number | undefined {
    return this.#sentAt.get(response);
  }

  /** Sends nothing more without the valid key. */
  stop(stop: RateStop): void {
    if (this.#stopped === null || stop.blocked) this.#stopped = stop;
    this.#slots.wakeAll();
  }

  async #send(init: HttpInit, kind: RequestKind): Promise<HttpResponse> {
    for (let tries = 1; ; tries++) {
      await this.#acquire(kind);
      const wrong = kind === "wrong" ? 1 : 0;
      const order = this.#sent.requests;
      const requests = init.earlier === undefined ? 1 : 2;
      this.#sent = { requests: order + requests, wrong: this.#sent.wrong + wrong };
      const at = this.#options.now();
      try {
        const response = await this.#options.request(init);
        const wait = this.#limitOf(response, tries);
        if (wait === null) {
          this.#sentAt.set(response, at);
          this.#note(response, kind, at);
          return response;
        }
        response.close();
        this.#handleLimit({ wait, order, kind });
      } finally {
        this.#slots.end(kind);
      }
    }
  }

  async #acquire(kind: RequestKind): Promise<void> {
    const isPaced = kind === "wrong" || (kind === "valid" && this.#limitsValid);
    if (!isPaced) return this.#takeSlot(kind);
    const turn = this.#line.then(() => this.#takeTurn(kind));
    this.#line = turn.catch(() => undefined);
    return turn;
  }

  /** Waits for the pace of the server. Only the first in line does. A turn that a pause has overtaken is taken again. */
  async #takeTurn(kind: RequestKind): Promise<void> {
    let limits;
    do {
      await this.#pause;
      if (kind === "wrong" && this.#stopped === null) await this.beforeWrong?.();
      this.#assertGoing(kind);
      limits = this.#limits;
      const { wait, extra } = this.#pace.next();
      this.#lost += extra;
      if (this.#lost > this.#patience) this.#giveUp();
      else if (wait > 0) await this.#sleep(wait);
      await this.#waitForSlot(kind);
    } while (limits !== this.#limits || !this.#slots.isFree(kind));
    this.#slots.start(kind);
  }

  async #takeSlot(kind: RequestKind): Promise<void> {
    do await this.#waitForSlot(kind);
    while (!this.#slots.isFree(kind));
    this.#slots.start(kind);
  }

  async #waitForSlot(kind: RequestKind): Promise<void> {
    for (;;) {
      await this.#pause;
      this.#assertGoing(kind);
      if (this.#slots.isFree(kind)) return;
      await this.#slots.next();
    }
  }

  #assertGoing(kind: RequestKind): void {
    if (this.#stopped === null || (kind !== "wrong" && !this.#limitsValid)) return;
    throw new KeysError("SERVER_UNREACHABLE", `not sent, because ${this.#stopped.reason}`, {
      hint: "try again with a lower --rate or more --patience, or from an IP address that the server does not limit",
    });
  }

  /** Returns how long to wait before the request is repeated; `null` if the response is an answer. */
  #limitOf(response: HttpResponse, tries: number): number | null {
    const asked = readRetryAfter(response);
    if (response.status === 429) return this.#backoff.waitFor(asked);
    if (response.status !== 503 || asked === null || this.#accepts503) return null;
    this.#accepts503 = tries >= TRIES_OF_503 || this.#lost + asked > this.#patience;
    return this.#accepts503 ? null : asked;
  }

  #handleLimit({ wait, order, kind }: { wait: number; order: number; kind: RequestKind }): void {
    if (kind !== "wrong") this.#limitsValid = true;
    // It was sent before the pause, so it belongs to the limit that the pause is for.
    if (this.#pause !== null || order < this.#sentBeforeResume) return;
    this.#backoff.waited(wait);
    this.#pace.limited(wait);
    this.#pauseFor(wait);
  }

  #pauseFor(wait: number): void {
    this.#lost += wait;
    if (this.#lost > this.#patience) {
      this.#giveUp();
      return;
    }
    this.#limits++;
    this.#pause = this.#sleep(wait).then(() => {
      this.#sentBeforeResume = this.#sent.requests;
      this.#slots.resume();
      this.#pause = null;
    });
  }

  /** Learns from an answer. */
  #note(response: HttpResponse, kind: RequestKind, sentAt: number): void {
    if (kind === "wrong" || this.#limitsValid) {
      this.#backoff.answered();
      this.#slots.answered();
      this.#pace.answered();
    }
    if (this.#delays.note(sentAt, this.#options.now())) this.#pace.slowDown(Math.min(LEAST_RATE, this.#options.rate));
    const announced = kind === "wrong" ? readAnnouncedLimit(response) : null;
    if (announced === null) return;
    const { remaining, resetMs } = announced;
    this.#slots.announced(remaining);
    if (remaining > RESERVE || this.#pause !== null || this.#stopped !== null) return;
    this.#pace.limited(resetMs ?? 0, true);
    if (resetMs === null)
      this.stop({ reason: `the server announces only ${String(remaining)} more requests`, rate: null, blocked: false });
    else this.#pauseFor(resetMs);
  }

  get #patience(): number {
    return this.#options.patienceMs ?? DEFAULT_LIMIT_PATIENCE_MS;
  }

  #giveUp(): void {
    const rate = this.#pace.measured;
    const allowed = rate === null ? "a few requests" : formatRate(rate, "requests ");
    const retryMs = this.#backoff.asked;
    this.stop({ reason: `the server allows only about ${allowed}`, rate, blocked: this.#limitsValid, retryMs });
  }

  #sleep(ms: number): Promise<void> {
    return (this.#options.sleep ?? sleep)(ms, this.#options.signal);
  }
}
