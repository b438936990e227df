import type { Change } from "../store.ts";
import type { Row } from "./database.ts";
import { fromRecord, GENESIS } from "./records.ts";
import { readWithHead, type Tables } from "./tables.ts";

/** How many changes are in memory at once. */
const BATCH = 256;

/**
 * Implements {@link KeyStore.changes}. Verifies that each record follows from the one before it.
 * @param isFollowed - whether the caller's position is one of this epoch; otherwise it starts at the beginning
 */
export async function* readChanges(
  tables: Tables,
  since: number,
  isFollowed: (epoch: string) => boolean,
): AsyncIterableIterator<Change> {
  let seq = since;
  let prev: string | null = null;
  for (;;) {
    const batch = await readBatch(tables, seq);
    if (batch === null) return;
    if (prev === null && seq > 0 && !isFollowed(batch.epoch)) {
      seq = 0;
      prev = GENESIS;
      continue;
    }
    prev ??= seq === 0 ? GENESIS : batch.prev;
    for (const row of batch.rows) {
      const record = { text: row["record"] ?? "", sum: row["sum"] ?? "" };
      yield fromRecord(record, ++seq, prev);
      prev = record.sum;
    }
    if (batch.rows.length < BATCH) return;
  }
}

/** Reads the records after `seq`, and the `sum` of the record `seq`. `null`: there are no tables. */
async function readBatch(
  tables: Tables,
  seq: number,
): Promise<{ epoch: string; prev: string; rows: readonly Row[] } | null> {
  const { schema } = tables;
  const prev = `(select p.sum from ${schema}.changes p where p.seq = $1) as prev`;
  const next = `(select seq, sum, record from ${schema}.changes where seq > $1 order by seq limit ${String(BATCH)})`;
  const rest = `, ${prev}, c.sum, c.record from ${schema}.head h left join ${next} c on true order by c.seq`;
  const result = await readWithHead(tables, rest, [seq]);
  if (result === null) return null;
  const rows = result.rows.filter((row) => row["record"] !== null);
  return { epoch: result.head.epoch, prev: result.rows[0]?.["prev"] ?? GENESIS, rows };
}
