import { hash } from "node:crypto";
import type { StoreWorld } from "../../store.ts";
import { KeychainFault } from "../fault.ts";
import { askLock, busOf } from "./is-locked.ts";
import { Turn } from "./queue.ts";

/**
 * For so many milliseconds nothing may be heard of a keychain: 3,000 with the start of its process, and less where that comes
 * on top of waiting for a turn. And where somebody may have to answer a prompt first.
 */
const LIMIT_MS = 2_600;
const MISSED_MS = 2_400;
const ATTENDED_MS = 60_000;
/** After so many milliseconds a person is told what is being waited for. */
const TELL_MS = 1_000;
/** And after so many it is asked whether there is a lock to be waited for: one that is open answers sooner. */
const DOUBT_MS = 300;

/** A turn at the keychain, and what is done while it keeps us waiting: somebody is told, the lock is looked at, and in the end it is given up. */
export class Wait {
  readonly turn: Turn;
  readonly #world: StoreWorld;
  readonly #closing: AbortSignal;
  readonly #giveUp: (fault: KeychainFault) => void;
  readonly #ended = new AbortController();
  #isTold = false;
  #isDoubted = false;

  /**
   * @param closing - Ends the waiting.
   * @param giveUp - Called with what failed when an answer has not come in its time.
   */
  constructor(world: StoreWorld, closing: AbortSignal, giveUp: (fault: KeychainFault) => void) {
    this.#world = world;
    this.#closing = closing;
    this.#giveUp = giveUp;
    const { attended = false } = world;
    this.turn = new Turn(turnName(world), { signal: closing, attended, onTick: () => this.#tick() });
  }

  /** Whether the time is up in which there may be an answer. */
  isUp(): boolean {
    const limit = this.#world.attended === true ? ATTENDED_MS : this.turn.isMissed ? MISSED_MS : LIMIT_MS;
    return this.#closing.aborted || this.turn.silence.isOver(limit);
  }

  end(): void {
    this.turn.end();
    this.#ended.abort();
  }

  #tick(): void {
    const { attended = false, notify } = this.#world;
    const { silence, isAsking, isLocked } = this.turn;
    if (attended && !this.#isTold && silence.owed >= TELL_MS) {
      this.#isTold = true;
      notify?.("waiting for the keychain: answer its prompt, or leave with Ctrl-C");
    }
    if (!isAsking) return;
    if (silence.ms >= DOUBT_MS && !this.#isDoubted) void this.#doubt();
    if (!this.isUp()) return;
    if (isLocked) this.#giveUp(new KeychainFault("locked", "nobody answered its prompt"));
    else this.#giveUp(new KeychainFault("timed-out", "nothing was heard of it"));
  }

  async #doubt(): Promise<void> {
    this.#isDoubted = true;
    const isLocked = await askLock(this.#world.env, this.#ended.signal);
    // What has been answered meanwhile was not locked any more.
    if (isLocked === true && this.turn.silence.ms >= DOUBT_MS) this.turn.findsLocked();
  }
}

/** Whoever asks the same bus takes turns, for whatever items. */
function turnName({ env, uid }: StoreWorld): string {
  const bus = [uid, ...Object.values(busOf(env))].join("\n");
  return `mcp-keys-turn-${hash("sha256", bus).slice(0, 12)}`;
}
