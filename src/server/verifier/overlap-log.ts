import { formatDuration, formatTime } from "../../core/duration.ts";
import type { Epoch } from "../../core/key.ts";
import type { Use } from "../../core/usage.ts";
import type { KeyIndex } from "../key-index/key-index.ts";

/** Seconds before the end of an overlap in which its use is worth a line. */
const SOON = 3_600;
/** Lines in such a time. Further versions get one line together: a rotation of all keys must not fill a log. */
const LINES = 10;

/**
 * Logs old versions that are still in use in the last hour of their overlap, each once. The overlap ends all the same: an end that
 * moved while somebody uses the old token would keep a stolen token alive.
 */
export class OverlapLog {
  readonly #log: (line: string) => void;
  /** Version → the end of its overlap when it was logged. */
  readonly #logged = new Map<string, Epoch>();

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  report(uses: readonly Use[], index: KeyIndex, now: Epoch): void {
    for (const [version, end] of this.#logged) if (end <= now) this.#logged.delete(version);
    for (const { id, n } of uses) {
      const overlap = index.overlapOf(id, n);
      const version = `${id} ${String(n)}`;
      if (overlap === null || !isSoon(overlap.end - now) || this.#logged.get(version) === overlap.end) continue;
      if (this.#logged.size > LINES) return;
      this.#logged.set(version, overlap.end);
      this.#write(overlap.key.name, id, n, overlap.end, now);
    }
  }

  #write(name: string, id: string, n: number, end: Epoch, now: Epoch): void {
    if (this.#logged.size > LINES) {
      this.#log("mcp-keys: more old versions that end within an hour are in use; see mcp-keys uses");
      return;
    }
    const when = `in ${formatDuration(end - now)}, at ${formatTime(end)}`;
    this.#log(
      `mcp-keys: version ${String(n)} of ${name} (${id}) is still in use and stops working ${when}; give its clients the newer token`,
    );
  }
}

function isSoon(left: number): boolean {
  return left > 0 && left <= SOON;
}
