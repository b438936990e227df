import { includes, type Position } from "../../core/position.ts";
import type { KeysError } from "../../errors.ts";
import { packageVersion } from "../../package-version.ts";
import type { KeyStore } from "../../stores/store.ts";
import type { Lease, Moment } from "./lease.ts";
import { waitAtMost } from "./patience.ts";
import { asStoreFault, isForbidden, noAnswer } from "./store-fault.ts";

/** Milliseconds to wait for the store at shutdown. */
const CLOSE_PATIENCE = 5_000;

export interface AcknowledgerOptions {
  readonly store: KeyStore;
  /** A random id. */
  readonly id: string;
  /** The name of the server. */
  readonly name: string;
  /** Seconds. */
  readonly maxStaleness: number;
  readonly lease: Lease;
  /** Returns up to where the index is current. */
  readonly position: () => Position;
  /** Called after each acknowledgement that succeeded, with when it was sent. */
  readonly onSuccess: (sent: Moment) => void;
  readonly log: (line: string) => void;
}

/**
 * Tells the store up to where this verifier has applied its changes, and renews the lease. A store that cannot be told leaves the
 * verifier without a lease: it works by reads alone, and nobody waits for it.
 */
export class Acknowledger {
  readonly #options: AcknowledgerOptions;
  #isOff = false;
  /** Under way. */
  #sent: Moment | null = null;
  #sending: Promise<void> = Promise.resolve();
  /** The number of the last one; results of earlier ones are ignored. */
  #current = 0;
  #renewed: Moment | null = null;
  #position: Position | null = null;
  #fault: KeysError | null = null;

  constructor(options: AcknowledgerOptions) {
    this.#options = options;
    this.#isOff = options.store.acknowledge === undefined;
  }

  /** Why the last acknowledgement failed; `null` if it did not. */
  get fault(): KeysError | null {
    return this.#fault;
  }

  /** Whether the store knows that this verifier has applied everything up to a position, or cannot be told. */
  covers(wanted: Position): boolean {
    if (this.#isOff) return includes(this.#options.position(), wanted);
    return this.#position !== null && includes(this.#position, wanted);
  }

  /**
   * Sends the first one. Returns whether there are more to come.
   * @throws what the store throws, unless this process may not write to it
   */
  async start(): Promise<boolean> {
    if (this.#isOff) return false;
    try {
      const sent = this.#options.lease.moment();
      const position = this.#options.position();
      await this.#write(position);
      this.#settle(sent, position);
    } catch (cause) {
      if (!isForbidden(cause)) throw cause;
      this.#isOff = true;
      this.#options.log(
        `mcp-keys: this server may not write to ${this.#options.store.spec}, so mcp-keys cannot confirm that it knows a change`,
      );
    }
    return !this.#isOff;
  }

  /** Sends one if it is due: after a change, after a failure, and every third of a lease. */
  poll(): void {
    if (this.#isOff) return;
    if (this.#sent !== null) {
      if (!this.#isOld(this.#sent)) return;
      this.#fault = noAnswer();
    } else if (this.#renewed !== null && !this.#isOld(this.#renewed) && this.#fault === null) {
      if (this.covers(this.#options.position())) return;
    }
    this.#sending = this.#send();
  }

  /** Sends one now, unless one is under way, and waits for it. Never throws. */
  renew(): Promise<void> {
    if (!this.#isOff && this.#sent === null) this.#sending = this.#send();
    return this.#sending;
  }

  /** Removes this verifier from the followers of the store; gives up after a while. Never throws. */
  async close(): Promise<void> {
    const { store, id } = this.#options;
    if (this.#isOff) return;
    this.#isOff = true;
    // One that arrives later would put the verifier back on the list.
    const removed = this.#sending.then(() => store.unfollow?.(id)).catch(() => undefined);
    await waitAtMost(CLOSE_PATIENCE, removed);
  }

  async #send(): Promise<void> {
    const mine = ++this.#current;
    const sent = (this.#sent = this.#options.lease.moment());
    const position = this.#options.position();
    const fault = await this.#write(position).then(() => null, asStoreFault);
    if (mine !== this.#current) return;
    this.#sent = null;
    this.#fault = fault;
    if (fault !== null || this.#isOff) return;
    // A store that was restored meanwhile may have forgotten one for the history before.
    if (position.epoch === this.#options.position().epoch) this.#settle(sent, position);
    // Changes may have been applied meanwhile. Nothing else is due, even if the clock fails.
    if (!this.covers(this.#options.position())) this.#sending = this.#send();
  }

  #settle(sent: Moment, position: Position): void {
    this.#renewed = sent;
    this.#position = position;
    this.#options.onSuccess(sent);
  }

  async #write(position: Position): Promise<void> {
    const { store, id, name, maxStaleness } = this.#options;
    // Longer than the verifier's own: its wall clock has whole seconds, no two clocks run equally fast, and open streams take two seconds
    // to end.
    const lease = Math.ceil(maxStaleness * 1_001 + 3_000);
    await store.acknowledge?.({ id, name, position, lease, version: packageVersion });
  }

  #isOld({ wall, ticks }: Moment): boolean {
    const third = this.#options.maxStaleness / 3;
    const now = this.#options.lease.moment();
    // Also if the clock failed then or fails now.
    return !(Math.abs(now.wall - wall) < Math.max(third, 1) && now.ticks - ticks < third * 1000);
  }
}
