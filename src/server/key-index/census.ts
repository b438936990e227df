import type { Epoch, Status } from "../../core/key.ts";
import { EXPIRING_WITHIN } from "../../core/status.ts";
import type { KeyRows } from "./key-rows.ts";
import type { VersionRows } from "./version-rows.ts";

/** Counts keys by their status, in steps: a look at a million keys takes 200 ms. */
export class Census {
  readonly counts: Record<Status, number> = { active: 0, expiring: 0, expired: 0, disabled: 0, revoked: 0 };
  /** When the next enabled key stops working: epoch seconds, `Infinity` for never. */
  nextEnd = Infinity;
  readonly #versions: VersionRows;
  readonly #keys: KeyRows;
  readonly #now: Epoch;
  #next = 1;

  constructor(versions: VersionRows, keys: KeyRows, now: Epoch) {
    this.#versions = versions;
    this.#keys = keys;
    this.#now = now;
  }

  /** Looks at the next `rows` versions. Returns whether that was all. */
  step(rows: number): boolean {
    const { count } = this.#versions;
    for (const last = Math.min(count, this.#next + rows - 1); this.#next <= last; this.#next++) this.#look(this.#next);
    return this.#next > count;
  }

  /** Counts the key whose newest version is in this row, as `keyStatus` does. */
  #look(row: number): void {
    const versions = this.#versions;
    if (versions.newestOf(row) !== row) return;
    let end = 0;
    for (let each = row; each !== 0; each = versions.olderThan(each)) {
      end = Math.max(end, versions.endAt(each, this.#now) ?? 0);
    }
    const status = this.#statusOf(row, end);
    this.counts[status]++;
    if (status === "active" || status === "expiring") this.nextEnd = Math.min(this.nextEnd, end);
  }

  /** @param end - when the last version stops working; 0 if none works */
  #statusOf(row: number, end: number): Status {
    if (end === 0) return this.#isRevoked(row) ? "revoked" : "expired";
    if (!this.#keys.isEnabled(row)) return "disabled";
    return end - this.#now < EXPIRING_WITHIN ? "expiring" : "active";
  }

  #isRevoked(newest: number): boolean {
    const versions = this.#versions;
    for (let row = newest; row !== 0; row = versions.olderThan(row)) {
      if (versions.read(row).state !== "revoked") return false;
    }
    return true;
  }
}
