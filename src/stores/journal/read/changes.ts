import { KeysError } from "../../../errors.ts";
import type { Change } from "../../store.ts";
import type { Chain } from "../format/chain.ts";
import { lineAt, MAX_LINE, verifiedSum } from "../format/line.ts";
import { parseRecord } from "../format/record.ts";
import type { Source } from "../disk/source.ts";

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
  const end = to === seq ? offset : heads.startOf(to + 1);
  const changes: Change[] = [];
  await source.chunks(heads.startOf(from), end, (bytes, at) => {
    for (let each = from + changes.length; each <= to; each++) {
      const start = heads.startOf(each) - at;
      // The rest of the chunk are void lines.
      if (start >= bytes.length) break;
      const line = lineAt(bytes, start);
      if (line === null && at + bytes.length < end && bytes.length - start <= MAX_LINE) return start;
      const record = line ?? bytes.subarray(start);
      const sum = verifiedSum(record, 0, record.length);
      const parsed = sum !== null && heads.has(each, sum) ? parseRecord(record.toString()) : null;
      if (parsed === null) throw altered(path, each);
      changes.push(parsed.change);
    }
    return bytes.length;
  });
  if (changes.length <= to - from) throw altered(path, from + changes.length);
  return changes;
}

function altered(path: string, seq: number): KeysError {
  return new KeysError("STORE_DAMAGED", `record ${seq} of ${path} was altered after it was first read`);
}
