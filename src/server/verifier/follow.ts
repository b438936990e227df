import type { Position } from "../../core/position.ts";
import { KeysError } from "../../errors.ts";
import type { KeyIndex } from "../key-index/key-index.ts";
import { Acknowledger } from "./acknowledger.ts";
import type { EndListener } from "./end-listeners.ts";
import { EndWatch } from "./end-watch.ts";
import type { FollowOptions } from "./follow-options.ts";
import { Lease, type Moment } from "./lease.ts";
import { loadIndex, type LoadedIndex } from "./load-index.ts";
import { waitAtMost } from "./patience.ts";
import { asStoreFault, noAnswer } from "./store-fault.ts";
import { StoreWatch } from "./store-watch.ts";

/** Milliseconds that a request waits for the store in a process that was suspended. */
const REFRESH_PATIENCE = 5_000;

/**
 * Loads the keys of a store and keeps them up to date. Reads at each wake-up and each poll, so a lost wake-up only causes a
 * delay. A read that fails or hangs changes nothing in memory, and the next one tries again.
 * @throws what the store throws at the first read or acknowledgement
 */
export async function followStore(options: FollowOptions): Promise<StoreFollower> {
  const lease = new Lease(options, options.maxStaleness);
  const sent = lease.moment();
  const follower = new StoreFollower(options, lease, await loadIndex(options.store, options.peppers));
  await follower.start(sent);
  return follower;
}

/** The keys of a store in memory. */
export class StoreFollower {
  /** Replaced as a whole if the history cannot be continued from the last position. */
  index: KeyIndex;
  /** Decides whether memory may answer for the store. */
  readonly lease: Lease;
  readonly #options: FollowOptions;
  readonly #acknowledger: Acknowledger;
  readonly #watch: StoreWatch;
  #position: Position;
  #origin: Position | null;
  #fault: KeysError | null = null;
  /** The number of the current read; results of earlier ones are ignored. */
  #current = 0;
  #started: Moment | null = null;
  #reading: Promise<void> = Promise.resolve();
  #refresh: Promise<void> | null = null;
  #again = false;
  #closed = false;
  #ends: EndWatch | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** Called after each step forward. */
  readonly #waiting = new Set<() => void>();

  constructor(options: FollowOptions, lease: Lease, { index, position, origin }: LoadedIndex) {
    this.#options = options;
    this.lease = lease;
    this.index = index;
    this.#position = position;
    this.#origin = origin;
    const { store, id, name, maxStaleness, log } = options;
    this.#watch = new StoreWatch(store, () => this.#wake(), log);
    this.#acknowledger = new Acknowledger({
      ...{ store, id, name, maxStaleness, log, lease },
      position: () => this.position,
      onSuccess: (sent) => this.#onAcknowledged(sent),
    });
  }

  /**
   * Announces this follower, and reads what changed before the store knew of it.
   * @param sent - when the keys were loaded
   */
  async start(sent: Moment): Promise<void> {
    this.lease.readSucceeded(sent, this.#current);
    try {
      if (await this.#acknowledger.start()) {
        const again = this.lease.moment();
        const mine = ++this.#current;
        await this.#readChanges(mine);
        this.lease.readSucceeded(again, mine);
      }
    } catch (fault) {
      await this.close();
      throw fault;
    }
    this.#acknowledger.poll();
    this.#watch.start();
    this.#schedule(this.#options.pollEvery);
  }

  /** Whether the store did not answer the last time, or the follower was closed. */
  get isFailing(): boolean {
    return this.#fault !== null || this.#closed;
  }

  /** Why nothing is accepted while memory is too old. */
  staleFault(): KeysError {
    if (this.#closed) return new KeysError("STORE_UNAVAILABLE", "the verifier was closed");
    if (this.#fault?.code === "STORE_REWOUND") return this.#fault;
    const { maxStaleness } = this.#options;
    return new KeysError("STORE_UNAVAILABLE", `the store has not answered for more than ${maxStaleness} s`);
  }

  /** Everything up to here is in the index. For a keyset, a position of the store that it was made from. */
  get position(): Position {
    return this.#origin ?? this.#position;
  }

  /** Whether the index has everything up to a position, and the store knows. */
  covers(wanted: Position): boolean {
    return this.#acknowledger.covers(wanted);
  }

  /** Calls a function after each step forward. Returns a function that stops it. */
  onProgress(listener: () => void): () => void {
    this.#waiting.add(listener);
    return () => void this.#waiting.delete(listener);
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

  /** Accepts nothing any more, and tells the store. */
  async close(): Promise<void> {
    this.#closed = true;
    this.watchEnds(null);
    this.#current++;
    this.lease.requireRead(Infinity);
    clearTimeout(this.#timer);
    this.#watch.close();
    await this.#acknowledger.close();
  }

  async #refreshOnce(): Promise<void> {
    if (!(await waitAtMost(REFRESH_PATIENCE, this.#catchUp()))) this.#end(noAnswer());
  }

  /** What is under way may have been sent before the process was suspended, so everything is tried twice. */
  async #catchUp(): Promise<void> {
    for (let i = 0; i < 2 && this.lease.isOver; i++) await this.#acknowledger.renew();
    for (let i = 0; i < 2 && (i === 0 || !this.lease.isFresh(this.#options.now())); i++) {
      if (this.#started === null) this.#reading = this.#run();
      await this.#reading;
    }
  }

  /** After a lapse, tokens are accepted again once a read has succeeded that was sent from now on. */
  #onAcknowledged(sent: Moment): void {
    if (!this.#closed && this.lease.acknowledged(sent, this.#current + 1)) this.#wake();
    this.#announceProgress();
  }

  #announceProgress(): void {
    for (const listener of [...this.#waiting]) listener();
  }

  #wake(): void {
    if (this.#started === null) this.#schedule(0);
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
    if (this.#started !== null && this.lease.isTooLate(this.#started)) {
      this.#started = null;
      this.#end(noAnswer());
    }
    if (this.#started === null) this.#reading = this.#run();
    this.#schedule(this.#options.pollEvery);
  }

  async #run(): Promise<void> {
    const mine = ++this.#current;
    const sent = (this.#started = this.lease.moment());
    const fault = await this.#readChanges(mine).then(() => null, asStoreFault);
    if (mine !== this.#current) return;
    this.#started = null;
    if (fault === null) this.lease.readSucceeded(sent, mine);
    this.#end(fault);
    this.#watch.start();
    if (!this.#again) return;
    this.#again = false;
    this.#schedule(0);
  }

  #end(fault: KeysError | null): void {
    // The history went back: what memory knows may be newer or older than the store, and only a person can tell.
    if (fault?.code === "STORE_REWOUND") this.lease.requireRead(this.#current + 1);
    this.lease.checkClock();
    this.#acknowledger.poll();
    this.#fault = fault ?? this.#acknowledger.fault;
    this.#options.onRead(this.#fault, this.index, this.lease.isFresh(this.#options.now()));
    this.#announceProgress();
  }

  async #readChanges(mine: number): Promise<void> {
    const { epoch, seq } = this.#position;
    for await (const change of this.#options.store.changes(seq, { epoch })) {
      if (mine !== this.#current) return;
      // A compaction or a new epoch leaves a gap; the snapshot has the result of the missing changes. A store gets its epoch with
      // its first change.
      const isGap = change.seq !== this.#position.seq + 1 || change.op === "compact" || change.op === "adopt";
      if (isGap || seq === 0) return this.#reload(mine);
      if (this.#ends === null) for (const key of change.keys) this.index.put(key);
      else this.#ends.put(change.keys);
      // Last: a change that fails to be applied is read again, not acknowledged.
      this.#position = { epoch, seq: change.seq };
    }
  }

  async #reload(mine: number): Promise<void> {
    const { index, position, origin } = await loadIndex(this.#options.store, this.#options.peppers);
    if (mine !== this.#current) return;
    // A database that was restored has forgotten this follower, so nobody would wait for it.
    if (position.epoch !== this.#position.epoch) this.lease.requireAcknowledgement();
    const old = this.index;
    this.#options.onReplace(old);
    this.index = index;
    this.#position = position;
    this.#origin = origin;
    this.#ends?.replace(old);
  }
}
