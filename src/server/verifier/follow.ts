import type { Pepper } from "../../core/digest.ts";
import type { Epoch } from "../../core/key.ts";
import type { Position } from "../../core/position.ts";
import { KeysError } from "../../errors.ts";
import type { KeyStore } from "../../stores/store.ts";
import { callHook } from "./call-hook.ts";
import { createKeyIndex, type KeyIndex } from "../key-index/key-index.ts";
import { EndWatch } from "./end-watch.ts";
import type { EndListener } from "./end-listeners.ts";

/** Milliseconds that a request waits for the store in a process that was suspended. */
const REFRESH_PATIENCE = 5_000;

/** Times are in seconds. */
export interface FollowOptions {
  readonly store: KeyStore;
  readonly now: () => Epoch;
  readonly peppers: readonly Pepper[];
  readonly pollEvery: number;
  readonly maxStaleness: number;
  /** Writes a line to the server's log. */
  readonly log: (line: string) => void;
  /** Called after each read, with `null` if the store answered. `fresh`: whether memory may still answer. */
  readonly onRead: (fault: KeysError | null, follower: StoreFollower, fresh: boolean) => void;
  /** Called with the old index when a new one replaces it. */
  readonly onReplace: (old: KeyIndex) => void;
}

/**
 * Loads the keys of a store and keeps them up to date. Reads at each wake-up and each poll, so a lost wake-up only causes a
 * delay. A read that fails or hangs changes nothing in memory, and the next one tries again.
 * @throws what the store throws at the first read
 */
export async function followStore(options: FollowOptions): Promise<StoreFollower> {
  return new StoreFollower(options, await load(options));
}

/** The keys of a store in memory. */
export class StoreFollower {
  /** Replaced as a whole if the history cannot be continued from the last position. */
  index: KeyIndex;
  /** The last second at which memory may answer for the store. */
  freshUntil: Epoch;
  readonly #options: FollowOptions;
  #epoch: string;
  #seq: number;
  #fault: KeysError | null = null;
  /** The number of the current read; results of earlier ones are ignored. */
  #current = 0;
  #startedAt: Epoch | null = null;
  #reading: Promise<void> = Promise.resolve();
  #refresh: Promise<void> | null = null;
  #again = false;
  #closed = false;
  #ends: EndWatch | null = null;
  #timer: NodeJS.Timeout | undefined;
  #watch: "off" | "starting" | (() => void) = "off";

  constructor(options: FollowOptions, { index, epoch, seq }: Loaded) {
    this.#options = options;
    this.index = index;
    this.#epoch = epoch;
    this.#seq = seq;
    this.freshUntil = options.now() + options.maxStaleness;
    this.#startWatch();
    this.#schedule(options.pollEvery);
  }

  /** Everything up to here is in the index. */
  get position(): Position {
    return { epoch: this.#epoch, seq: this.#seq };
  }

  /**
   * Reads now and returns when that is done or has taken too long. Use it in a process that was suspended: its memory is old
   * though nothing is wrong. Returns at once if the store is known to fail. Never throws.
   */
  refresh(): Promise<void> {
    if (this.#fault !== null || this.#closed) return Promise.resolve();
    this.#refresh ??= this.#refreshOnce().finally(() => (this.#refresh = null));
    return this.#refresh;
  }

  /** Reports versions that stop being valid from now on; with `null`, no longer. */
  watchEnds(report: EndListener | null): void {
    this.#ends?.stop();
    const { now } = this.#options;
    this.#ends = report === null || this.#closed ? null : new EndWatch({ index: () => this.index, now, report });
  }

  close(): void {
    this.#closed = true;
    this.watchEnds(null);
    this.#current++;
    clearTimeout(this.#timer);
    if (typeof this.#watch === "function") this.#watch();
    this.#watch = "off";
  }

  async #refreshOnce(): Promise<void> {
    if (this.#startedAt === null) this.#reading = this.#run();
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<"too long">((resolve) => {
      timer = setTimeout(() => resolve("too long"), REFRESH_PATIENCE);
    });
    if ((await Promise.race([this.#reading, tooLong])) === "too long") this.#end(noAnswer());
    clearTimeout(timer);
  }

  /** A failure here is not a fault, because polling works without a watch. The next read tries again. */
  #startWatch(): void {
    if (this.#watch !== "off" || this.#closed) return;
    this.#watch = "starting";
    this.#openWatch()
      .then((stop) => {
        if (this.#closed) return stop();
        this.#watch = stop;
        // Reads the changes from before the watch started.
        this.#wake();
      })
      .catch(() => {
        this.#watch = "off";
      });
  }

  /** Returns a function that stops the watch, and never throws. */
  async #openWatch(): Promise<() => void> {
    const stop = await this.#options.store.watch(
      () => this.#wake(),
      (line) => this.#options.log(`mcp-keys: ${line}`),
    );
    return () => callHook(stop, undefined, () => undefined);
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

  /** Runs during a read too, in case that read never ends. */
  #tick(): void {
    const { now, maxStaleness, pollEvery } = this.#options;
    if (this.#startedAt !== null && Math.abs(now() - this.#startedAt) > maxStaleness) {
      this.#startedAt = null;
      this.#end(noAnswer());
    }
    if (this.#startedAt === null) this.#reading = this.#run();
    this.#schedule(pollEvery);
  }

  async #run(): Promise<void> {
    const mine = ++this.#current;
    this.#startedAt = this.#options.now();
    const fault = await this.#readChanges(mine).then(() => null, asFault);
    if (mine !== this.#current) return;
    this.#startedAt = null;
    this.#end(fault);
    this.#startWatch();
    if (!this.#again) return;
    this.#again = false;
    this.#schedule(0);
  }

  #end(fault: KeysError | null): void {
    const now = this.#options.now();
    const limit = now + this.#options.maxStaleness;
    // After a fault too: a clock that goes back must not extend the time.
    this.freshUntil = fault === null ? limit : Math.min(this.freshUntil, limit);
    this.#fault = fault;
    this.#options.onRead(fault, this, now <= this.freshUntil);
  }

  async #readChanges(mine: number): Promise<void> {
    for await (const change of this.#options.store.changes(this.#seq)) {
      if (mine !== this.#current) return;
      // A compaction leaves a gap; the snapshot has the result of the missing changes.
      if (change.seq !== this.#seq + 1 || change.op === "compact") return this.#reload(mine);
      this.#seq = change.seq;
      if (this.#ends === null) for (const key of change.keys) this.index.put(key);
      else this.#ends.put(change.keys);
    }
  }

  async #reload(mine: number): Promise<void> {
    const { index, epoch, seq } = await load(this.#options);
    if (mine !== this.#current) return;
    const old = this.index;
    this.#options.onReplace(old);
    this.index = index;
    this.#epoch = epoch;
    this.#seq = seq;
    this.#ends?.replace(old);
  }
}

interface Loaded {
  readonly index: KeyIndex;
  readonly epoch: string;
  readonly seq: number;
}

async function load({ store, peppers }: FollowOptions): Promise<Loaded> {
  const { epoch, seq, keys } = await store.snapshot();
  const index = createKeyIndex(peppers);
  for (const key of keys) index.put(key);
  return { index, epoch, seq };
}

function noAnswer(): KeysError {
  return new KeysError("STORE_UNAVAILABLE", "the store does not answer");
}

function asFault(cause: unknown): KeysError {
  if (cause instanceof KeysError) return cause;
  return new KeysError("STORE_UNAVAILABLE", "the store failed unexpectedly", { cause });
}
