import { count } from "../../core/count.ts";
import { formatDuration, formatTime } from "../../core/duration.ts";
import type { Epoch, KeyId } from "../../core/key.ts";
import { EXPIRING_WITHIN } from "../../core/status.ts";
import type { EndingScan } from "../key-index/ending-scan.ts";
import type { KeyIndex } from "../key-index/key-index.ts";

const DAY = 86_400;
/** Seconds between two looks at all keys: an end two weeks ahead is not urgent. */
const EVERY = 3_600;
/** Versions per look, in about 2 ms: requests must not wait for it. */
const ROWS = 10_000;
/** Lines per day. Further keys are counted in one line: short-lived keys must not fill a log. */
const LINES = 10;

/** Logs keys that stop working within two weeks, each at most once a day. */
export class EndingLog {
  readonly #log: (line: string) => void;
  readonly #writtenAt = new Map<KeyId, Epoch>();
  #scan: EndingScan | null = null;
  #startedAt = -Infinity;
  #day: Epoch = -Infinity;
  #lines = 0;
  #isSummed = false;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** Looks at the keys once an hour. With many keys, this call looks at some and the next ones at the rest. */
  report(index: KeyIndex, now: Epoch): void {
    // Also false for a clock that failed.
    if (this.#scan === null && Math.abs(now - this.#startedAt) >= EVERY) {
      this.#startedAt = now;
      this.#scan = index.scanEnding(now + EXPIRING_WITHIN, now, LINES);
    }
    if (this.#scan?.step(ROWS) !== true) return;
    this.#write(this.#scan, now);
    this.#scan = null;
  }

  #write(scan: EndingScan, now: Epoch): void {
    if (Math.abs(now - this.#day) >= DAY) this.#startDay(now);
    const first = scan.first();
    for (const { key, end } of first) {
      if (this.#lines === LINES || Math.abs(now - (this.#writtenAt.get(key.id) ?? -Infinity)) < DAY) continue;
      this.#writtenAt.set(key.id, now);
      this.#lines++;
      const when = `in ${formatDuration(Math.max(end - now, 0))}, at ${formatTime(end)}`;
      this.#log(
        `mcp-keys: key ${key.name} (${key.id}) stops working ${when}; replace it with: mcp-keys rotate ${key.name}`,
      );
    }
    const more = scan.count - first.length;
    if (more === 0 || this.#isSummed) return;
    this.#isSummed = true;
    this.#log(`mcp-keys: ${count(more, "more key")} within 14 days of the end; see mcp-keys list --expiring 14d`);
  }

  #startDay(now: Epoch): void {
    this.#day = now;
    this.#lines = 0;
    this.#isSummed = false;
    for (const [id, at] of this.#writtenAt) if (Math.abs(now - at) >= DAY) this.#writtenAt.delete(id);
  }
}
