import fc from "fast-check";
import type { Key } from "../../../src/core/key.ts";
import { KeysError } from "../../../src/errors.ts";
import type { Code } from "../../../src/errors.ts";
import { Chain } from "../../../src/stores/journal/format/chain.ts";
import { LazyKeys } from "../../../src/stores/journal/read/lazy-keys.ts";
import { formatRecord, GENESIS } from "../../../src/stores/journal/format/record.ts";
import { keyNo } from "../place.ts";

/** Formats a record that adds key `n`. Returns its bytes and its sum. */
export function recordOf(n: number, seq: number, prev: string, change: Partial<Key> = {}) {
  const keys = [{ ...keyNo(n, change), revision: 1 }];
  return formatRecord({ change: { seq, at: 1_000, by: "ada@laptop", op: "generate", keys } }, prev);
}

/** Creates a journal of `count` keys, one per record. */
export function journalOf(count: number, from = 1): { bytes: Buffer; records: Buffer[]; sums: string[] } {
  const records: Buffer[] = [];
  const sums = [GENESIS];
  for (let seq = 1; seq <= count; seq++) {
    const { bytes, sum } = recordOf(from + seq - 1, seq, sums.at(-1)!);
    records.push(bytes);
    sums.push(sum);
  }
  return { bytes: Buffer.concat(records), records, sums };
}

/** A step of a writer: read the head, append to the head it read, both, or crash while appending. */
export interface Step {
  readonly writer: number;
  readonly act: "read" | "write" | "both" | "torn";
  /** How many bytes of the record a torn write leaves. */
  readonly cut: number;
}

/** Runs the steps of four concurrent writers on the file of `start`. */
export function interleave(steps: readonly Step[], start: Buffer, from: { seq: number; head: string }) {
  let file = start;
  let number = 0;
  let { head } = from;
  const won: string[] = [];
  const seen = [head, head, head, head];
  const at = [0, 0, 0, 0];
  for (const { writer, act, cut } of steps) {
    if (act === "read" || act === "both") {
      seen[writer] = head;
      at[writer] = won.length;
    }
    if (act === "read") continue;
    const { bytes, sum } = recordOf(++number, from.seq + at[writer]! + 1, seen[writer]!);
    const length = act === "torn" ? Math.floor(cut * bytes.length) : bytes.length;
    file = Buffer.concat([file, bytes.subarray(0, length)]);
    // A line that lacks only its tab is complete, and a blank line after it counts as an altered tab.
    if (length < bytes.length - 1) continue;
    if (seen[writer] === head) {
      won.push(`key-${number}`);
      head = sum;
    }
  }
  return { file, won, head };
}

export const aStep: fc.Arbitrary<Step> = fc.record({
  writer: fc.nat({ max: 3 }),
  act: fc.constantFrom("read" as const, "write" as const, "both" as const, "torn" as const),
  cut: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
});

/** Reads bytes in pieces. Returns the names of the keys and the head, or an error code. */
export function read(bytes: Buffer, ends: readonly number[] = []): { names: string[]; head: string } | Code {
  const chain = new Chain("keys.jsonl");
  const keys = new LazyKeys({ path: "keys.jsonl", uid: null, ownsFolder: false }, chain.voids, 0, true);
  try {
    for (const end of [...ends, bytes.length].sort((a, b) => a - b)) {
      keys.verify(chain, bytes.subarray(chain.offset, Math.max(end, chain.offset)));
    }
    chain.checkEnd(bytes.length - chain.offset);
    return { names: keys.list().map(({ name }) => name), head: chain.head };
  } catch (cause) {
    if (cause instanceof KeysError) return cause.code;
    throw cause;
  }
}

/** Returns the line number of the error message, or `null`. */
export function damagedLine(bytes: Buffer): number | null {
  const chain = new Chain("keys.jsonl");
  try {
    chain.verify(bytes, () => true);
    chain.checkEnd(bytes.length - chain.offset);
    return null;
  } catch (cause) {
    return Number(/^line (\d+) of/.exec((cause as Error).message)?.[1] ?? NaN);
  }
}
