import type { Digest } from "../../core/digest.ts";
import type { Key, KeyId, KeyName } from "../../core/key.ts";
import type { Position } from "../../core/position.ts";
import type { Snapshot } from "../store.ts";
import { type Head, headColumns } from "./head.ts";
import { EMPTY_EPOCH, readKey } from "./records.ts";
import { OWN_NAMES } from "./schema-sql.ts";
import { orMissing, readWithHead, type Tables } from "./tables.ts";

/** How many keys are fetched at once. */
const BATCH = 5_000;

/** Implements {@link KeyStore.get}. */
export async function getKey(tables: Tables, ref: KeyId | KeyName): Promise<Key | null> {
  // PostgreSQL rejects the character, and no key has it.
  if (ref.includes("\0")) return null;
  const { schema } = tables;
  const found = `select id, body, id = $1 as is_id from ${schema}.keys where id = $1 or name = $1`;
  return one(tables, `(${found} order by is_id desc limit 1)`, ref);
}

/** Returns the key of a version with this digest. */
export async function findKey(tables: Tables, digest: Digest): Promise<Key | null> {
  const { schema } = tables;
  const owner = `select key_id from ${schema}.versions where digest = $1 and digest <> 'forgotten'`;
  return one(tables, `(select id, body from ${schema}.keys where id = (${owner}))`, digest);
}

async function one(tables: Tables, query: string, value: string): Promise<Key | null> {
  const { schema } = tables;
  const times = `select n, max(at) as at from ${schema}.uses where key_id = k.id group by n`;
  const uses = `(select pg_catalog.json_object_agg(n, at)::text from (${times}) t) as uses`;
  const result = await readWithHead(tables, `, k.body, ${uses} from ${schema}.head h left join ${query} k on true`, [
    value,
  ]);
  const row = result?.rows[0];
  return row?.["body"] == null ? null : readKey(row["body"], row["uses"]);
}

/** Implements {@link KeyStore.position}. */
export async function readPosition(tables: Tables): Promise<Position> {
  const result = await readWithHead(tables, ` from ${tables.schema}.head h`);
  return { epoch: result?.head.epoch ?? EMPTY_EPOCH, seq: result?.head.seq ?? 0 };
}

/** Implements {@link KeyStore.snapshot}: everything comes from the same moment. */
export async function readSnapshot(tables: Tables): Promise<Snapshot> {
  const { database, schema, continuity } = tables;
  const { seen } = continuity;
  const begin = `begin isolation level repeatable read read only; ${OWN_NAMES}; select ${headColumns(schema, seen)} from ${schema}.head h`;
  const reading = database.read((session) =>
    session.transact(begin, async ([row]) => {
      const head = continuity.check(row, seen);
      await session.query(`declare c no scroll cursor for ${allKeys(schema)}`);
      const keys: Key[] = [];
      for (;;) {
        const rows = await session.query(`fetch ${String(BATCH)} from c`);
        for (const each of rows) keys.push(readKey(each["body"], each["uses"]));
        if (rows.length < BATCH) return { head, keys };
      }
    }),
  );
  const result: { head: Head; keys: Key[] } | null = await orMissing(tables, reading);
  return { epoch: result?.head.epoch ?? EMPTY_EPOCH, seq: result?.head.seq ?? 0, keys: result?.keys ?? [] };
}

function allKeys(schema: string): string {
  const latest = `select key_id, n, max(at) as at from ${schema}.uses group by 1, 2`;
  const uses = `select key_id, pg_catalog.json_object_agg(n, at)::text as uses from (${latest}) l group by 1`;
  return `select k.body, u.uses from ${schema}.keys k left join (${uses}) u on u.key_id = k.id order by k.born, k.nth`;
}
