import type { Epoch } from "../../core/key.ts";

/** The clocks of a verifier. */
export interface VerifierClocks {
  /** The time in whole seconds, or NaN if the clock failed. Goes on while the machine is suspended, and may be set back. */
  readonly now: () => Epoch;
  /** Milliseconds that never go back, but may stand still while the machine is suspended. */
  readonly ticks: () => number;
}

/** A moment by both clocks. */
export interface Moment {
  readonly wall: Epoch;
  readonly ticks: number;
}

/**
 * Decides how long memory may accept tokens: by both clocks less than `maxStaleness` since the last successful read was sent and, if
 * the verifier has acknowledged, since the last successful acknowledgement was sent. Whoever revokes a key counts a verifier whose
 * lease is over as confirmed, so this verifier must not accept anything then: neither if its clock is set back, nor if the process
 * stands still for a while and goes on.
 */
export class Lease {
  readonly #clocks: VerifierClocks;
  /** Seconds. */
  readonly #length: number;
  #read: Moment | null = null;
  #acknowledged: Moment | null = null;
  /** The first read that counts. Earlier ones may lack what was revoked while the lease was over. */
  #leastRead = 0;
  #isCurrent = false;
  #wallUntil: Epoch = -Infinity;
  #ticksUntil = -Infinity;

  constructor(clocks: VerifierClocks, length: number) {
    this.#clocks = clocks;
    this.#length = length;
  }

  /** Returns the current moment. Call it before a read or an acknowledgement is sent. */
  moment(): Moment {
    return { wall: this.#clocks.now(), ticks: this.#clocks.ticks() };
  }

  /** Whether memory may accept tokens. @param at - from the clock now */
  isFresh(at: Epoch): boolean {
    return at <= this.#wallUntil && this.#clocks.ticks() < this.#ticksUntil;
  }

  /** Whether an acknowledgement is needed before anything can be accepted. */
  get isOver(): boolean {
    return this.#acknowledged !== null && !this.#isWithin(this.#acknowledged);
  }

  /** Whether an answer to what was sent at a moment would be too late to count. Also if the clock was set since then. */
  isTooLate({ wall, ticks }: Moment): boolean {
    const now = this.moment();
    return Math.abs(now.wall - wall) > this.#length || now.ticks - ticks > this.#length * 1000;
  }

  /** When the last successful read was sent. */
  get readAt(): Epoch {
    return this.#read?.wall ?? NaN;
  }

  /** @param number - counts the reads of this follower */
  readSucceeded(sent: Moment, number: number): void {
    this.#read = sent;
    this.#isCurrent = number >= this.#leastRead;
    this.#update();
  }

  /**
   * @param nextRead - the number of the next read: if the lease was over, nothing is accepted until it has succeeded
   * @returns whether this ended a lapse, and only that read is missing; not if the answer came too late, or while the clock fails
   */
  acknowledged(sent: Moment, nextRead: number): boolean {
    const isFirst = this.#acknowledged === null;
    const wasOver = this.isOver;
    if (isFirst || wasOver) this.requireRead(nextRead);
    this.#acknowledged = sent;
    this.#update();
    return wasOver && this.#isWithin(sent);
  }

  /** If this verifier has acknowledged: accepts nothing until it has done so again, and read after that. */
  requireAcknowledgement(): void {
    if (this.#acknowledged !== null) this.#acknowledged = { wall: -Infinity, ticks: -Infinity };
    this.#update();
  }

  /** Accepts nothing until the read with this number, or a later one, has succeeded. */
  requireRead(nextRead: number): void {
    this.#leastRead = nextRead;
    this.#isCurrent = false;
    this.#update();
  }

  /** Takes notice of a clock that was set back, which would make the lease longer. Call it after each read. */
  checkClock(): void {
    const { wall } = this.moment();
    if (this.#read !== null) this.#read = { ...this.#read, wall: Math.min(this.#read.wall, wall) };
    if (this.#acknowledged !== null) {
      this.#acknowledged = { ...this.#acknowledged, wall: Math.min(this.#acknowledged.wall, wall) };
    }
    this.#update();
  }

  /** Whether less than the length of the lease has passed, by both clocks. */
  #isWithin({ wall, ticks }: Moment): boolean {
    const now = this.moment();
    return now.wall <= wall + this.#length && now.ticks < ticks + this.#length * 1000;
  }

  #update(): void {
    const from = [this.#read, this.#acknowledged].filter((each) => each !== null);
    const mayAccept = this.#isCurrent && this.#read !== null;
    this.#wallUntil = mayAccept ? Math.min(...from.map(({ wall }) => wall)) + this.#length : -Infinity;
    this.#ticksUntil = mayAccept ? Math.min(...from.map(({ ticks }) => ticks)) + this.#length * 1000 : -Infinity;
  }
}
