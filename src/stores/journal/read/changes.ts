import { KeysError } from "../../../errors.ts";
import type { Change } from "../../store.ts";
import type { Chain } from "../format/chain.ts";
import { verifiedSum } from "../format/line.ts";
import { parseRecord } from "../format/record.ts";
import type { Source } from "../disk/source.ts";

const TAB = 9;
const NEWLINE = 10;
/** How many changes are in memory at once during iteration. */
const BATCH = 256;

/** Iterates over the changes after `since`. `read` returns up to `limit` changes from record `first` on; an empty batch ends it. */
export async function* changesAfter(
  since: number,
  read: (first: number, limit: number) => Promise<readonly Change[]>,
): AsyncIterableIterator<Change> {
  for (let seq = since; ;) {
    const batch = await read(seq + 1, BATCH);
    yield* batch;
    const last = batch.at(-1);
    if (last === undefined) return;
    seq = last.seq;
  }
}

/**
 * Reads the records `from` to `to` again. `chain` must have verified them and still have their heads.
 * @throws {@link KeysError} `STORE_DAMAGED` if they were altered since
 */
export async function readChanges(
  source: Source,
  path: string,
  { heads, seq, offset }: Chain,
  from: number,
  to: number,
): Promise<Change[]> {
  const start = heads.startOf(from);
  const end = to === seq ? offset : heads.startOf(to + 1);
  const bytes = await source.read(start, Buffer.allocUnsafeSlow(end - start));
  const changes: Change[] = [];
  for (let each = from; each <= to; each++) {
    const line = lineAt(bytes, heads.startOf(each) - start);
    const sum = verifiedSum(line, 0, line.length);
    const record = sum !== null && heads.has(each, sum) ? parseRecord(line.toString()) : null;
    if (record === null)
      throw new KeysError("STORE_DAMAGED", `record ${each} of ${path} was altered after it was first read`);
    changes.push(record.change);
  }
  return changes;
}

function lineAt(bytes: Buffer, start: number): Buffer {
  const newline = bytes.indexOf(NEWLINE, start);
  const line = bytes.subarray(start, newline === -1 ? bytes.length : newline);
  const tab = line.indexOf(TAB);
  return tab === -1 ? line : line.subarray(0, tab);
}
