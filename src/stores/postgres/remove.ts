import { KeysError } from "../../errors.ts";
import type { RemoveOptions } from "../store.ts";
import { explainWrite } from "./explain.ts";
import { headColumns } from "./head.ts";
import { FUNCTIONS, OWN_NAMES, TABLES } from "./schema-sql.ts";
import { orMissing, type Tables } from "./tables.ts";

/** Finds anything in a schema. */
const CONTENT =
  "select '1' as found from pg_depend where refclassid = 'pg_namespace'::regclass::oid and refobjid = $1::regnamespace::oid limit 1";

/**
 * Implements {@link KeyStore.remove}. Drops the tables in one transaction, and the schema if nothing else is in it. A writer that waits
 * for the lock then finds no tables.
 */
export async function removeStore(tables: Tables, { seq }: RemoveOptions): Promise<void> {
  const { database, schema, place, continuity } = tables;
  const { seen } = continuity;
  const begin = `begin isolation level read committed read write; ${OWN_NAMES}; set local lock_timeout = '10s'; set local idle_in_transaction_session_timeout = '5s'; lock table ${schema}.head in access exclusive mode;
    select ${headColumns(schema, seen)} from ${schema}.head h`;
  const removing = database.use((session) =>
    session.transact(begin, async ([row]) => {
      if (continuity.check(row, seen).seq !== seq) throw changed(place);
      const list = (names: readonly string[]) => names.map((name) => `${schema}.${name}`).join(", ");
      await session.query(`drop function ${list(FUNCTIONS)}; drop table ${list(TABLES)}`);
      const [rest] = await session.query(CONTENT, [schema]);
      if (rest === undefined) await session.query(`drop schema ${schema}`);
      return true;
    }),
  );
  const done = await orMissing(tables, removing, explainWrite);
  continuity.forget();
  if (done === null && seq !== 0) throw changed(place);
}

function changed(place: string): KeysError {
  return new KeysError("STORE_CONFLICT", `${place} has changed since it was read`);
}
