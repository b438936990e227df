import type { Secret } from "../../core/secret.ts";
import { isAccepted } from "../verify/attempt.ts";
import { createRedact, type Redact } from "../mcp/redact.ts";
import type { Greeting } from "../mcp/conversation.ts";
import { KeysError } from "../../errors.ts";
import { isSilent, startOnce, type Presented, type Start, type StartOptions } from "./start.ts";

export interface StdioTargetOptions extends Omit<StartOptions, "tokens"> {
  readonly key: Secret;
  /** A well-formed key that no store knows. */
  readonly bogus: Secret;
  /** Milliseconds for the conversation of each start. */
  readonly timeoutMs: number;
}

/**
 * A program that hung once will hang again: from then on it is not waited for longer than so many times what it took to let
 * your key in, nor for less than this many milliseconds.
 */
const IMPATIENCE = { times: 5, least: 2000 };

/**
 * The program under test. What was presented once is not presented again; one start follows the other, since programs may
 * hold a port or a lock.
 */
export class StdioTarget {
  readonly variable: string;
  readonly key: Secret;
  readonly bogus: Secret;
  readonly redact: Redact;
  /** Every start so far. */
  readonly starts: readonly Start[];
  readonly right: Presented;
  readonly #options: StdioTargetOptions;
  readonly #starts: Start[] = [];
  readonly #known = new Map<string, Promise<Start>>();
  #last: Promise<unknown> = Promise.resolve();
  #sent = { requests: 0, wrong: 0 };
  #survey: Start | null = null;

  constructor(options: StdioTargetOptions) {
    this.#options = options;
    this.starts = this.#starts;
    ({ variable: this.variable, key: this.key, bogus: this.bogus } = options);
    this.redact = createRedact([this.key, this.bogus]);
    this.right = { id: "key", name: "your key", value: this.key };
  }

  /** How often it was started, and how often without the right key. */
  get sent(): { readonly requests: number; readonly wrong: number } {
    return { ...this.#sent };
  }

  /** What became of the right key. Taken before the first check runs. */
  get real(): Start {
    if (this.#survey === null) throw new KeysError("BUG", "the program was not started with the key");
    return this.#survey;
  }

  /** What the program said of itself to the right key; `null` where that was not let in. */
  get greeting(): Greeting | null {
    return isAccepted(this.real.attempt) ? this.real.attempt.server : null;
  }

  async takeSurvey(): Promise<Start> {
    this.#survey ??= await this.present(this.right);
    return this.#survey;
  }

  present(presented: Presented): Promise<Start> {
    const known = this.#known.get(presented.id) ?? this.presentAgain(presented);
    this.#known.set(presented.id, known);
    return known;
  }

  /** The same once more, whatever was seen before. */
  presentAgain(presented: Presented): Promise<Start> {
    const next = this.#last.then(() => this.#start(presented));
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #start(presented: Presented): Promise<Start> {
    const { requests, wrong } = this.#sent;
    this.#sent = { requests: requests + 1, wrong: wrong + (presented.id === this.right.id ? 0 : 1) };
    const tokens = [this.key, this.bogus];
    const start = await startOnce({ ...this.#options, tokens }, presented, this.#patience());
    this.#starts.push(start);
    return start;
  }

  #patience(): number {
    const { timeoutMs } = this.#options;
    if (this.#survey === null || !this.#starts.some(isSilent)) return timeoutMs;
    return Math.min(timeoutMs, Math.max(IMPATIENCE.least, IMPATIENCE.times * this.#survey.ms));
  }
}
