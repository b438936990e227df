import type { Secret } from "../../core/secret.ts";
import { isAccepted } from "../verify/attempt.ts";
import { createRedactor, type Redact } from "../../core/redact.ts";
import type { Greeting } from "../mcp/conversation.ts";
import { KeysError } from "../../errors.ts";
import type { ProgramKey } from "./program-keys.ts";
import { isSilent, startOnce, type StartOptions, type StartResult } from "./start.ts";

export interface StdioTargetOptions extends Omit<StartOptions, "tokens"> {
  readonly key: Secret;
  /** A well-formed key that no store contains. */
  readonly bogus: Secret;
  /** Milliseconds for the conversation of each start. */
  readonly timeoutMs: number;
}

/** A program that hung once will hang again. From then on, the timeout is this many times the time it took to accept your key. */
const IMPATIENCE_FACTOR = 5;
/** The shortest timeout after a hang. */
const MIN_TIMEOUT_MS = 2000;

/**
 * The program under test. It is started once for each key, and never twice at the same time, because it may hold a port or a
 * lock.
 */
export class StdioTarget {
  readonly variable: string;
  readonly key: Secret;
  readonly bogus: Secret;
  readonly redact: Redact;
  /** Every start so far. */
  readonly starts: readonly StartResult[];
  readonly valid: ProgramKey;
  readonly #options: StdioTargetOptions;
  readonly #starts: StartResult[] = [];
  readonly #known = new Map<string, Promise<StartResult>>();
  #last: Promise<unknown> = Promise.resolve();
  #sent = { requests: 0, wrong: 0 };
  #survey: StartResult | null = null;

  constructor(options: StdioTargetOptions) {
    this.#options = options;
    this.starts = this.#starts;
    ({ variable: this.variable, key: this.key, bogus: this.bogus } = options);
    this.redact = createRedactor([this.key, this.bogus]).redact;
    this.valid = { id: "key", name: "your key", value: this.key };
  }

  /** How often the program was started, and how often without your key. */
  get sent(): { readonly requests: number; readonly wrong: number } {
    return { ...this.#sent };
  }

  /** The start with your key, before the first check. */
  get real(): StartResult {
    if (this.#survey === null) throw new KeysError("BUG", "the program was not started with the key");
    return this.#survey;
  }

  /** The program's description of itself. `null` if it did not accept your key. */
  get greeting(): Greeting | null {
    return isAccepted(this.real.attempt) ? this.real.attempt.server : null;
  }

  async takeSurvey(): Promise<StartResult> {
    this.#survey ??= await this.present(this.valid);
    return this.#survey;
  }

  present(presented: ProgramKey): Promise<StartResult> {
    const known = this.#known.get(presented.id) ?? this.presentAgain(presented);
    this.#known.set(presented.id, known);
    return known;
  }

  /** Starts the program even if it was started with this key before. */
  presentAgain(presented: ProgramKey): Promise<StartResult> {
    const next = this.#last.then(() => this.#start(presented));
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #start(presented: ProgramKey): Promise<StartResult> {
    const { requests, wrong } = this.#sent;
    this.#sent = { requests: requests + 1, wrong: wrong + (presented.id === this.valid.id ? 0 : 1) };
    const tokens = [this.key, this.bogus];
    const start = await startOnce({ ...this.#options, tokens }, presented, this.#timeout());
    this.#starts.push(start);
    return start;
  }

  #timeout(): number {
    const { timeoutMs } = this.#options;
    if (this.#survey === null || !this.#starts.some(isSilent)) return timeoutMs;
    return Math.min(timeoutMs, Math.max(MIN_TIMEOUT_MS, IMPATIENCE_FACTOR * this.#survey.ms));
  }
}
