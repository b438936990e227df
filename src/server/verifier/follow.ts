import type { Pepper } from "../../core/digest.ts";
import type { Epoch } from "../../core/key.ts";
import { KeysError } from "../../errors.ts";
import type { KeyStore } from "../../stores/store.ts";
import { createKeyIndex, type KeyIndex } from "../key-index/key-index.ts";

/** Milliseconds that a request waits for a look, in a process that was frozen. */
const REFRESH_PATIENCE = 5_000;

/** Times are in seconds. */
export interface FollowOptions {
  readonly store: KeyStore;
  readonly now: () => Epoch;
  readonly peppers: readonly Pepper[];
  readonly pollEvery: number;
  readonly maxStaleness: number;
  /** Called after each look: `null` when the store answered; `fresh` as {@link Follower.isFresh}. */
  readonly onLook: (fault: KeysError | null, follower: Follower, fresh: boolean) => void;
}

/**
 * Loads the keys of a store and keeps them in step with it: it looks at each wake-up and at each poll, so that a lost
 * wake-up is late and never lost. A look that fails or hangs changes nothing in memory, and the next one tries again.
 * @throws what the store throws at the first look
 */
export async function followStore(options: FollowOptions): Promise<Follower> {
  return new Follower(options, await load(options));
}

/** The keys of a store in memory. */
export class Follower {
  /** Replaced as a whole when the history cannot be read on from where it was. */
  index: KeyIndex;
  readonly #options: FollowOptions;
  #seq: number;
  #lookedAt: Epoch;
  #fault: KeysError | null = null;
  /** Which look counts: what an earlier one still brings is ignored. */
  #turn = 0;
  #startedAt: Epoch | null = null;
  #look: Promise<void> = Promise.resolve();
  #refresh: Promise<void> | null = null;
  #again = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #watch: "off" | "starting" | (() => void) = "off";

  constructor(options: FollowOptions, { index, seq }: Loaded) {
    this.#options = options;
    this.index = index;
    this.#seq = seq;
    this.#lookedAt = options.now();
    this.#startWatch();
    this.#schedule(options.pollEvery);
  }

  /** Whether the store answered, with news or without, so lately that memory may still speak for it. */
  isFresh(at: Epoch): boolean {
    return at - this.#lookedAt <= this.#options.maxStaleness;
  }

  /**
   * Looks now, and returns when that look has ended or has taken too long. For a process that was frozen or suspended:
   * memory is old there though nothing is wrong. Returns at once when the store has complained. Never throws.
   */
  refresh(): Promise<void> {
    if (this.#fault !== null || this.#closed) return Promise.resolve();
    this.#refresh ??= this.#refreshOnce().finally(() => (this.#refresh = null));
    return this.#refresh;
  }

  close(): void {
    this.#closed = true;
    this.#turn++;
    clearTimeout(this.#timer);
    if (typeof this.#watch === "function") this.#watch();
    this.#watch = "off";
  }

  async #refreshOnce(): Promise<void> {
    if (this.#startedAt === null) this.#look = this.#run();
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<"too long">((resolve) => {
      timer = setTimeout(() => resolve("too long"), REFRESH_PATIENCE);
    });
    if ((await Promise.race([this.#look, tooLong])) === "too long") this.#end(noAnswer());
    clearTimeout(timer);
  }

  /** Polling does without it, so its failure is no fault; it is tried again after the next look. */
  #startWatch(): void {
    if (this.#watch !== "off" || this.#closed) return;
    this.#watch = "starting";
    this.#options.store
      .watch(() => this.#wake())
      .then((stop) => {
        if (this.#closed) {
          stop();
          return;
        }
        this.#watch = stop;
        // For what was written before the watch began.
        this.#wake();
      })
      .catch(() => {
        this.#watch = "off";
      });
  }

  #wake(): void {
    if (this.#startedAt === null) this.#schedule(0);
    else this.#again = true;
  }

  #schedule(seconds: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.#tick(), seconds * 1000);
    this.#timer.unref();
  }

  /** Comes round while a look is under way as well, in case that look never ends. */
  #tick(): void {
    const { now, maxStaleness, pollEvery } = this.#options;
    if (this.#startedAt !== null && Math.abs(now() - this.#startedAt) > maxStaleness) {
      this.#startedAt = null;
      this.#end(noAnswer());
    }
    if (this.#startedAt === null) this.#look = this.#run();
    this.#schedule(pollEvery);
  }

  async #run(): Promise<void> {
    const mine = ++this.#turn;
    this.#startedAt = this.#options.now();
    const fault = await this.#readOn(mine).then(() => null, asFault);
    if (mine !== this.#turn) return;
    this.#startedAt = null;
    this.#end(fault);
    this.#startWatch();
    if (!this.#again) return;
    this.#again = false;
    this.#schedule(0);
  }

  #end(fault: KeysError | null): void {
    const now = this.#options.now();
    // A clock that went back must not stretch the time for which memory may answer.
    this.#lookedAt = fault === null ? now : Math.min(this.#lookedAt, now);
    this.#fault = fault;
    this.#options.onLook(fault, this, this.isFresh(now));
  }

  async #readOn(mine: number): Promise<void> {
    for await (const change of this.#options.store.changes(this.#seq)) {
      if (mine !== this.#turn) return;
      // After a gap, which a compaction leaves: what the missing changes led to is in the snapshot.
      if (change.seq !== this.#seq + 1 || change.op === "compact") return this.#reload(mine);
      for (const key of change.keys) this.index.put(key);
      this.#seq = change.seq;
    }
  }

  async #reload(mine: number): Promise<void> {
    const { index, seq } = await load(this.#options);
    if (mine !== this.#turn) return;
    this.index = index;
    this.#seq = seq;
  }
}

interface Loaded {
  readonly index: KeyIndex;
  readonly seq: number;
}

async function load({ store, peppers }: FollowOptions): Promise<Loaded> {
  const { seq, keys } = await store.snapshot();
  const index = createKeyIndex(peppers, store.tokensCarryIds);
  for (const key of keys) index.put(key);
  return { index, seq };
}

function noAnswer(): KeysError {
  return new KeysError("STORE_UNAVAILABLE", "the store does not answer");
}

function asFault(cause: unknown): KeysError {
  if (cause instanceof KeysError) return cause;
  return new KeysError("STORE_UNAVAILABLE", "the store failed in a way it should not", { cause });
}
