import type { RefusedVerdict } from "../../core/judge.ts";
import type { Epoch, KeyId } from "../../core/key.ts";

/** Lines per window for each reason. Further refusals are counted in one line, so an attack cannot fill a disk. */
const LINES = 10;
/** Seconds. */
const WINDOW = 60;

/** Details for the log, which must not quote the token. A function runs only if the line is written. */
export type Detail = string | (() => string);

/** A refusal by verdict, or by the guard for another reason. */
type Refusal = Omit<RefusedVerdict, "ok" | "reason"> & { readonly ok?: false; readonly reason: string };

/** Writes refusals to a log, one line each, at a limited rate. */
export class RefusalLog {
  readonly #write: (line: string) => void;
  readonly #windows = new Map<string, { since: Epoch; lines: number; more: number }>();

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** @param id - the key id in the token, if the token belongs to no key */
  log({ reason, key, version }: Refusal, now: Epoch, detail: Detail, id?: KeyId): void {
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
    const parts = [whose, typeof detail === "string" ? detail : detail(), id ?? ""].filter((part) => part !== "");
    this.#write(`mcp-keys: refused (${reason})${parts.length === 0 ? "" : `: ${parts.join(" ")}`}`);
  }

  /** Logs how many refusals were left out of the windows that are over; of all windows if no time is given. */
  summarize(now?: Epoch): void {
    for (const [reason, { since, more }] of this.#windows) {
      if (now !== undefined && !isOver(since, now)) continue;
      this.#windows.delete(reason);
      this.#sum(reason, more);
    }
  }

  #sum(reason: string, more: number): void {
    if (more > 0) this.#write(`mcp-keys: refused (${reason}): ${more} more within a minute`);
  }
}

function isOver(since: Epoch, now: Epoch): boolean {
  return Math.abs(now - since) >= WINDOW;
}
