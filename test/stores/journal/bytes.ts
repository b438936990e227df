import type { Key } from "../../../src/core/key.ts";
import { KeysError } from "../../../src/errors.ts";
import type { Code } from "../../../src/errors.ts";
import { Chain } from "../../../src/stores/journal/chain.ts";
import { Holdings } from "../../../src/stores/journal/holdings.ts";
import { formatRecord, GENESIS } from "../../../src/stores/journal/record.ts";
import { keyNo } from "../place.ts";

/** The bytes of a record that adds key `n`, and its sum. */
export function recordOf(n: number, seq: number, prev: string, change: Partial<Key> = {}) {
  const keys = [{ ...keyNo(n, change), revision: 1 }];
  return formatRecord({ change: { seq, at: 1_000, by: "ada@laptop", op: "generate", keys } }, prev);
}

/** A journal of `count` keys, one a record. */
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

/** What a reader makes of these bytes, given to it in these pieces: names of keys, or the code of the refusal. */
export function read(bytes: Buffer, ends: readonly number[] = []): { names: string[]; head: string } | Code {
  const chain = new Chain("keys.jsonl");
  const keys = new Holdings("keys.jsonl", chain.voids, 0, true);
  try {
    for (const end of [...ends, bytes.length].sort((a, b) => a - b)) {
      keys.walk(chain, bytes.subarray(chain.offset, Math.max(end, chain.offset)));
    }
    chain.checkEnd(bytes.length - chain.offset);
    return { names: keys.list().map(({ name }) => name), head: chain.head };
  } catch (cause) {
    if (cause instanceof KeysError) return cause.code;
    throw cause;
  }
}

/** Where damage is found, as the message says it. */
export function damagedLine(bytes: Buffer): number | null {
  const chain = new Chain("keys.jsonl");
  try {
    chain.walk(bytes, () => true);
    chain.checkEnd(bytes.length - chain.offset);
    return null;
  } catch (cause) {
    return Number(/^line (\d+) of/.exec((cause as Error).message)?.[1] ?? NaN);
  }
}
