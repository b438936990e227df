import type { Reason, Verdict } from "../../core/judge.ts";
import type { Epoch, KeyId } from "../../core/key.ts";

type Refusal = Extract<Verdict, { ok: false }>;

/** Lines a minute for each reason; what is above is counted and told in one line, so that an attack cannot fill a disk. */
const LINES = 10;
const WINDOW = 60;

/** A few words more, which must not quote the token; made only when they are logged. */
export type Why = string | (() => string);

/** Writes refusals to a log, each on one line, at a bounded rate. */
export class RefusalLog {
  readonly #log: (line: string) => void;
  readonly #windows = new Map<Reason, { since: Epoch; lines: number; more: number }>();

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /**
   * @param id - what the token gave as the id of its key, when it belongs to none
   */
  refused({ reason, key, version }: Refusal, now: Epoch, why: Why, id?: KeyId): void {
    let window = this.#windows.get(reason);
    if (window === undefined || isOver(window.since, now)) {
      if (window !== undefined) this.#sum(reason, window.more);
      this.#windows.set(reason, (window = { since: now, lines: 0, more: 0 }));
    }
    if (window.lines === LINES) {
      window.more++;
      return;
    }
    window.lines++;
    const whose = key === undefined ? "" : `key ${key.name} (${key.id}), version ${version?.n ?? "?"}`;
    const text = [whose, typeof why === "string" ? why : why(), id ?? ""].filter((part) => part !== "").join(" ");
    this.#log(`mcp-keys: refused (${reason})${text === "" ? "" : `: ${text}`}`);
  }

  /** Tells what was left out of windows that are over; of all of them when no time is given. */
  summarize(now?: Epoch): void {
    for (const [reason, { since, more }] of this.#windows) {
      if (now !== undefined && !isOver(since, now)) continue;
      this.#windows.delete(reason);
      this.#sum(reason, more);
    }
  }

  #sum(reason: Reason, more: number): void {
    if (more > 0) this.#log(`mcp-keys: refused (${reason}): ${more} more within a minute`);
  }
}

function isOver(since: Epoch, now: Epoch): boolean {
  return Math.abs(now - since) >= WINDOW;
}
