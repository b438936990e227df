import { randomInt } from "node:crypto";
import { platform } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { KeychainFault } from "../fault.ts";
import { pace } from "./load.ts";
import { Silence, TICK_MS } from "./silence-timer.ts";
import type { Doing } from "./silence-timer.ts";
import { Ear, Slot } from "./lock-socket.ts";
import type { Beat } from "./lock-socket.ts";

/** After so much silence whoever has the turn is none of ours, or stands still, or waits for a keychain that hangs. */
const PATIENCE_MS = 1_600;
/** And so long in all, of the minute that there is: who has the turn may be anybody who makes noise. */
const QUEUE_MS = 45_000;
/** Not all who wait try at the same moment. */
const JITTER_MS = 30;
/** Whoever asks often lets the others have theirs in between. */
const YIELD_MS = 60;

export interface TurnOptions {
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Somebody is there who may be answering the prompt that whoever has the turn waits for. */
  readonly attended: boolean;
  /** Called after each tick, also while it waits. */
  readonly onTick: (turn: Turn) => void;
}

/**
 * Leave to ask the keychain, which one process has at a time: a Secret Service that many ask gives up, and one that has to refuse two
 * prompts at once never answers again. Nothing else rests on it, so whoever hears nothing for a while does without. Other
 * systems than Linux need none.
 */
export class Turn {
  readonly silence = new Silence();
  readonly #path: string;
  readonly #options: TurnOptions;
  #slot: Slot | null = null;
  #ear: Ear | null = null;
  /** The best of what was heard since the last tick. */
  #heard: Beat | null = null;
  #doing: Doing = "waiting";
  #answered = false;
  #isLocked = false;
  #seeking: Promise<Ear | null> | null = null;
  #hasEnded = false;
  #wasWanted = false;
  #ticks: NodeJS.Timeout | undefined;

  /** @param name - Which keychain: those with the same name take turns. */
  constructor(name: string, options: TurnOptions) {
    this.#path = `\0${name}`;
    this.#options = options;
  }

  get isAsking(): boolean {
    return this.#doing === "asking";
  }

  /** Whether it is to be had, and another has it. */
  get isMissed(): boolean {
    return this.#slot === null && platform() === "linux";
  }

  /** Whether the keyring was found locked by whoever asks, and has not answered since. */
  get isLocked(): boolean {
    return this.#isLocked;
  }

  /** Whether others would have had it when it ended. */
  get wasWanted(): boolean {
    return this.#wasWanted;
  }

  /**
   * Until there is a turn, or it is no use to wait for it. The silence that was heard meanwhile counts on.
   * @param after - The turn before it, of the same process.
   * @throws {@link KeychainFault} `locked`: whoever has the turn waits for a prompt, and a second one would be shown beside it
   */
  async take(after?: Turn): Promise<void> {
    if (after?.wasWanted === true) await sleep(YIELD_MS);
    this.#ticks ??= setInterval(() => this.#tick(), TICK_MS);
    this.#doing = "waiting";
    this.#isLocked = false;
    while (this.isMissed && !this.#isInVain()) {
      const ear = await this.#seek();
      if (ear === null) break;
      await ear.closed;
      await sleep(randomInt(JITTER_MS));
    }
    this.#doing = "working";
    if (!this.isMissed) this.#isLocked = false;
    else if (this.isLocked && !this.#options.signal.aborted)
      throw new KeychainFault("locked", "another process waits for the prompt");
  }

  /** The keychain is about to be asked. */
  asks(): void {
    this.#doing = "asking";
  }

  /** It is not asked just now. */
  works(): void {
    this.#doing = "working";
  }

  /** It is locked, so that a prompt is what is waited for. */
  findsLocked(): void {
    this.#isLocked = true;
  }

  /** It has answered. */
  hasAnswer(): void {
    this.#answered = true;
    this.#isLocked = false;
    this.#doing = "working";
    this.silence.end();
  }

  end(): void {
    this.#hasEnded = true;
    clearInterval(this.#ticks);
    if (this.#answered) this.#slot?.tell("answered");
    this.#wasWanted = this.#slot?.isWanted === true;
    this.#slot?.end();
    this.#ear?.close();
  }

  #isInVain(): boolean {
    return this.#options.signal.aborted || this.silence.ms >= PATIENCE_MS || this.silence.owed >= QUEUE_MS;
  }

  #tick(): void {
    // A person may take longer than a keychain.
    const isAnswering = this.#heard === "locked" && this.#options.attended;
    this.silence.tick(this.#doing, isAnswering ? "at work" : this.#heard, pace);
    this.#heard = null;
    if (this.#answered) this.#slot?.tell("answered");
    else if (this.#doing === "working") this.#slot?.tell("at work");
    else if (this.#isLocked) this.#slot?.tell("locked");
    this.#answered = false;
    if (this.#doing !== "waiting") {
      // Somebody has to have the turn, or nobody would hear how it goes.
      if (this.isMissed && this.#ear?.isOpen !== true) void this.#seek();
    } else if (this.#isInVain()) this.#ear?.close();
    this.#options.onTick(this);
  }

  /** Takes the turn where nobody has it, and returns `null`; else listens to whoever has it. */
  #seek(): Promise<Ear | null> {
    return (this.#seeking ??= this.#seekOnce().finally(() => (this.#seeking = null)));
  }

  async #seekOnce(): Promise<Ear | null> {
    const slot = await Slot.take(this.#path);
    if (slot !== null) {
      if (this.#hasEnded) slot.end();
      else this.#slot = slot;
      return null;
    }
    this.#ear?.close();
    this.#ear = new Ear(this.#path, (beat) => {
      if (this.#heard !== "answered") this.#heard = beat;
      if (this.#doing === "waiting") this.#isLocked = beat === "locked";
    });
    if (this.#hasEnded) this.#ear.close();
    return this.#ear;
  }
}
