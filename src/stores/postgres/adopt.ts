import { randomUUID } from "node:crypto";
import { KeysError } from "../../errors.ts";
import type { Key } from "../../core/key.ts";
import type { Change } from "../store.ts";
import type { SqlSession } from "./database.ts";
import { GENESIS, toRecord, type StoredRecord } from "./records.ts";
import { storeChange } from "./store-change.ts";
import type { Tables } from "./tables.ts";
import { writeAtHead } from "./write.ts";

/** Roughly how many bytes one statement inserts. */
const BATCH_BYTES = 1024 * 1024;

interface NewRow extends StoredRecord {
  readonly seq: number;
  readonly id: string;
}

/**
 * Implements {@link KeyStore.adopt}: all records but the last, then the keys with the last one, in one transaction. A key is written only
 * once, in its last state.
 */
export async function adoptHistory(tables: Tables, history: readonly Change[]): Promise<void> {
  const last = history.at(-1);
  if (last === undefined) return;
  const { schema, place } = tables;
  const keys = new Map<string, Key>();
  for (const change of history) for (const key of change.keys) keys.set(key.id, key);
  let prev = GENESIS;
  const rows = history.map((change, i): NewRow => {
    const record = toRecord({ ...change, seq: i + 1 }, prev);
    prev = record.sum;
    return { ...record, seq: i + 1, id: randomUUID() };
  });
  const newest = history.reduce((latest, { at }) => Math.max(latest, at), 0);
  await writeAtHead(tables, async (session, head, notify) => {
    if (head.seq > 0) {
      throw new KeysError("STORE_CONFLICT", `${place} already has a history`, { hint: "choose an empty store" });
    }
    const end = rows.at(-1) ?? { seq: 0, id: "", text: "", sum: "" };
    await insert(session, schema, rows.slice(0, -1));
    const change = { ...last, seq: end.seq };
    const state = { ...change, keys: [...keys.values()], at: newest };
    await storeChange(session, schema, { change: state, id: end.id, record: end, notify });
    return { change, id: end.id, head: { ...head, seq: end.seq, sum: end.sum, newest } };
  });
}

async function insert(session: SqlSession, schema: string, rows: readonly NewRow[]): Promise<void> {
  for (const batch of inBatches(rows)) {
    await session.query(
      `insert into ${schema}.changes (seq, change_id, sum, record)
      select * from unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[])`,
      [
        batch.map(({ seq }) => seq),
        batch.map(({ id }) => id),
        batch.map(({ sum }) => sum),
        batch.map(({ text }) => text),
      ],
    );
  }
}

function inBatches(rows: readonly NewRow[]): NewRow[][] {
  const batches: NewRow[][] = [];
  let size = Infinity;
  for (const row of rows) {
    size += row.text.length;
    if (size > BATCH_BYTES) {
      batches.push([]);
      size = row.text.length;
    }
    batches.at(-1)?.push(row);
  }
  return batches;
}
