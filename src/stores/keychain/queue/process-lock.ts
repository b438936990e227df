import { randomInt } from "node:crypto";
import { platform } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { KeychainFault } from "../fault.ts";
import { LockListener, LockServer } from "./lock-socket.ts";
import type { Heartbeat } from "./lock-socket.ts";
import { LONGEST_MS, QuietTimer, TICK_MS } from "./quiet-timer.ts";

/** After this long without a heartbeat, the holder is foreign or stuck, or the keychain hangs. */
const HOLDER_LIMIT_MS = 1_600;
/** The longest time in the queue. It leaves time for the call. */
const QUEUE_LIMIT_MS = 45_000;
/** The longest quiet time of a whole call, unless a person can answer a prompt. With the start of a process it is 3 seconds. */
const LIMIT_MS = 2_600;
/** Keeps the processes in the queue from retrying at the same moment. */
const JITTER_MS = 30;

export interface LockOptions {
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Whether a person can answer a prompt. */
  readonly attended: boolean;
  /** Called when the keychain has been quiet for too long. */
  readonly giveUp: (fault: KeychainFault) => void;
}

/**
 * Lets one process at a time ask the keychain, and limits how long a call waits. GNOME Keyring hangs for good when it refuses two
 * prompts at once. Only Linux needs the lock. If the holder is quiet, a call proceeds without it.
 */
export class ProcessLock {
  readonly #path: string;
  readonly #options: LockOptions;
  readonly #timer = new QuietTimer();
  readonly #ticks = setInterval(() => this.#tick(), TICK_MS);
  #state: "new" | "queued" | "asking" | Heartbeat = "new";
  /** The best heartbeat since the last tick. */
  #heard: Heartbeat | null = null;
  #isPrompting = false;
  #proceed = () => {};
  #server: LockServer | null = null;
  #listener: LockListener | null = null;
  #isReleased = false;

  /** @param name - Names the keychain: its callers share a queue. */
  constructor(name: string, options: LockOptions) {
    this.#path = `\0${name}`;
    this.#options = options;
  }

  /** Whether the call is out of time. */
  isOver(): boolean {
    const { attended, signal } = this.#options;
    return signal.aborted || this.#timer.isOver(attended ? LONGEST_MS : LIMIT_MS);
  }

  /**
   * Waits for the lock. The call may proceed without it, for example if its holder is quiet.
   * @returns whether the lock was taken
   * @throws {@link KeychainFault} `locked` if the holder waits for a prompt: another call would open a second one
   */
  async acquire(): Promise<boolean> {
    if (this.#state !== "new" || platform() !== "linux") return this.#server !== null;
    this.#state = "queued";
    await new Promise<void>((resolve) => {
      this.#proceed = resolve;
      void this.#queue();
    });
    const isLate = this.#server === null || this.#timer.quiet >= HOLDER_LIMIT_MS;
    if (this.#isPrompting && isLate && !this.#options.signal.aborted) {
      throw new KeychainFault("locked", "another process waits for the prompt");
    }
    return this.#server !== null;
  }

  /** Records the state of the call. The timer runs from `asking` until `answered`. */
  report(state: "asking" | Heartbeat): void {
    this.#state = state;
    if (state !== "answered") return;
    this.#timer.reset();
    this.#server?.send(state);
  }

  /** @returns whether other processes wait for the lock */
  release(): boolean {
    this.#isReleased = true;
    clearInterval(this.#ticks);
    const isWanted = this.#server?.hasListeners === true;
    this.#server?.close();
    this.#listener?.close();
    return isWanted;
  }

  /** Tries to take the lock, even after the call has proceeded without it: heartbeats of the holder still count. */
  async #queue(): Promise<void> {
    for (;;) {
      const server = await LockServer.open(this.#path);
      if (this.#isReleased) server?.close();
      else this.#server = server;
      if (this.#isReleased || server !== null) break;
      this.#listener = new LockListener(this.#path, (beat) => {
        if (this.#heard !== "answered") this.#heard = beat;
        this.#isPrompting = beat === "prompt";
      });
      await this.#listener.closed;
      await sleep(randomInt(JITTER_MS));
    }
    this.#proceed();
  }

  #tick(): void {
    const { attended, signal, giveUp } = this.#options;
    if (this.#state === "starting") this.#server?.send("starting");
    if (["new", "starting", "answered"].includes(this.#state)) return;
    // A person may take longer to answer a prompt.
    const isStarting = this.#state === "queued" && this.#heard === "starting";
    this.#timer.tick(isStarting || this.#heard === "answered" || (attended && this.#heard === "prompt"));
    this.#heard = null;
    const { quiet, total } = this.#timer;
    if (this.#state === "prompt") this.#server?.send("prompt");
    if (this.#state === "queued") {
      // Behind a prompt there will be no call, so all the time can be spent here.
      const limit = this.#isPrompting ? LIMIT_MS : HOLDER_LIMIT_MS;
      if (signal.aborted || quiet >= limit || total >= QUEUE_LIMIT_MS) this.#proceed();
    } else if (this.isOver() && this.#state === "prompt")
      giveUp(new KeychainFault("locked", "its prompt was not answered"));
    else if (this.isOver()) giveUp(new KeychainFault("timed-out", "it did not answer"));
  }
}
