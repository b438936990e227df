import type { Beat } from "./lock-socket.ts";

/** Time is counted in ticks of so many milliseconds. */
export const TICK_MS = 100;
/** So many milliseconds in all, whatever is heard: anybody on this machine can make the others' noise. */
const LONGEST_MS = 60_000;
/** Where others are at work, they say so with each of their ticks; ours and theirs may lie a little apart. */
const CALM_TICKS = 2;

/** `waiting` for a turn; `working`: the keychain is not asked yet, or not any more; `asking`: it owes an answer. */
export type Doing = "waiting" | "working" | "asking";

/**
 * For how long there has been no sign that the keychain works. An answer ends the silence, also one that somebody else got. Who waits
 * does not count the time in which others do not ask either.
 *
 * A tick that comes late counts once, and for less where many want to run: on a machine that is too busy to run us, the keychain
 * has not been running either.
 */
export class Silence {
  #silent = 0;
  #all = 0;
  #calm = 0;

  /** Milliseconds of silence. */
  get ms(): number {
    return this.#silent;
  }

  /** Milliseconds that the keychain owed us something, whatever others heard of it, since it has last answered us. */
  get owed(): number {
    return this.#all;
  }

  /** @param pace - How fast processes get along on this machine: 1, or less. */
  tick(doing: Doing, heard: Beat | null, pace: () => number): void {
    this.#calm = heard === "at work" ? CALM_TICKS : Math.max(0, this.#calm - 1);
    if (heard === "answered") this.#silent = 0;
    if (doing === "working") return;
    this.#all += TICK_MS;
    if (heard === "answered") return;
    if (doing === "asking" || this.#calm === 0) this.#silent += TICK_MS * pace();
  }

  /** The keychain has answered us. */
  end(): void {
    this.#silent = 0;
    this.#all = 0;
  }

  /** Whether it has lasted for so many milliseconds, or gone on and off for too long. */
  isOver(limit: number): boolean {
    return this.#silent >= limit || this.#all >= LONGEST_MS;
  }
}
