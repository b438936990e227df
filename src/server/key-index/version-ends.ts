import type { Epoch, Key } from "../../core/key.ts";
import type { KeyRows } from "./key-rows.ts";
import type { VersionRows } from "./version-rows.ts";

/** Seconds ahead for which ends are collected. */
const AHEAD = 3_600;

/**
 * Finds the versions that stop working as time passes, without a look at all keys each second: a search in steps collects those that
 * end within the next hour, and each written key adds its own. Holds nothing until it is started.
 */
export class VersionEnds {
  readonly #versions: VersionRows;
  readonly #keys: KeyRows;
  /** Second → the rows that end then. A row may have been written since, or be there twice. */
  readonly #rows = new Map<Epoch, number[]>();
  /** Ends up to this second have been taken, and those up to `#collected` are in `#rows`, except for what the search has not reached. */
  #taken: Epoch = NaN;
  #collected: Epoch = NaN;
  #search: { readonly after: Epoch; next: number; readonly written: Set<number> } | null = null;
  #isOn = false;

  constructor(versions: VersionRows, keys: KeyRows) {
    this.#versions = versions;
    this.#keys = keys;
  }

  /** Starts with the ends after `now`. Call {@link VersionEnds.collect} while {@link VersionEnds.isSearching}. */
  start(now: Epoch): void {
    this.#isOn = true;
    this.#rows.clear();
    this.#taken = now;
    this.#collected = now;
    this.#startSearch(now);
  }

  stop(): void {
    this.#isOn = false;
    this.#rows.clear();
    this.#search = null;
  }

  /** Whether {@link VersionEnds.collect} has something to look at. */
  get isSearching(): boolean {
    return this.#search !== null;
  }

  /** Looks at the next `rows` versions. */
  collect(rows: number): void {
    if (this.#search === null) return;
    const { after, next, written } = this.#search;
    const last = Math.min(this.#versions.count, next + rows - 1);
    // Whoever wrote a row since has added it, or reported that it was over already.
    for (let row = next; row <= last; row++) if (!written.has(row)) this.#add(row, after);
    this.#search.next = last + 1;
    if (last === this.#versions.count) this.#search = null;
  }

  /** Adds a row that was written. */
  add(row: number): void {
    if (!this.#isOn) return;
    this.#search?.written.add(row);
    this.#add(row, this.#taken);
  }

  /** Removes and returns the versions that ended up to `now`. Nothing if the clock failed. */
  take(now: Epoch): { readonly key: Key; readonly n: number }[] {
    if (!this.#isOn || Number.isNaN(now)) return [];
    // The clock went back, so versions that had ended work again; or it failed before.
    if (!(now >= this.#taken)) this.start(now);
    const ended = [...this.#rows.keys()].filter((end) => end <= now).flatMap((end) => this.#takeSecond(end));
    this.#taken = now;
    if (this.#search === null && this.#collected - now < AHEAD / 2) this.#startSearch(now);
    return ended;
  }

  #startSearch(now: Epoch): void {
    this.#search = { after: this.#collected, next: 1, written: new Set() };
    this.#collected = now + AHEAD;
  }

  #add(row: number, after: Epoch): void {
    const end = this.#endOf(row);
    if (end === null || !(end > after && end <= this.#collected)) return;
    const rows = this.#rows.get(end);
    if (rows === undefined) this.#rows.set(end, [row]);
    else rows.push(row);
  }

  #takeSecond(end: Epoch): { readonly key: Key; readonly n: number }[] {
    const rows = new Set(this.#rows.get(end));
    this.#rows.delete(end);
    return [...rows]
      .filter((row) => this.#endOf(row) === end && this.#keys.isEnabled(this.#versions.newestOf(row)))
      .map((row) => ({ key: this.#keys.read(this.#versions.newestOf(row), []), n: this.#versions.read(row).n }));
  }

  /** Returns when a version ends as time passes; `null` if it was revoked or retired. */
  #endOf(row: number): number | null {
    return this.#versions.endAt(row, -Infinity);
  }
}
