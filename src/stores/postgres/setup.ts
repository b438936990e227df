import { KeysError } from "../../errors.ts";
import type { Database, SqlSession } from "./database.ts";
import { OWN_NAMES, SCHEMA_VERSION, tablesSql } from "./schema-sql.ts";

/** Schema version → the SQL that brings the tables from it to the next one. */
export const MIGRATIONS: readonly ((schema: string) => string)[] = [tablesSql];

/** Others wait for this transaction, so it ends soon if its process vanishes. Read committed: it sees what those before it have created. */
const BEGIN = `begin isolation level read committed read write; ${OWN_NAMES}; set local idle_in_transaction_session_timeout = '5s'`;

/**
 * Creates the tables of a store, or brings them to the version of this package. Several processes may do this at once.
 * @throws what `pg` throws, with SQLSTATE 42501 if this user may not create a schema
 */
export async function setUp(database: Database, schema: string, migrations = MIGRATIONS): Promise<void> {
  const job = async (session: SqlSession): Promise<void> => {
    await session.query(`select pg_advisory_xact_lock(hashtextextended('mcp_keys ' || $1, 0::bigint))::text`, [schema]);
    const [found] = await session.query("select to_regclass($1)::text as head", [`${schema}.head`]);
    let version = 0;
    if (found?.["head"] !== null) {
      const [head] = await session.query(`select schema_version::text as version from ${schema}.head`);
      version = Number(head?.["version"]);
    }
    checkVersion(version, migrations.length);
    for (const migrate of migrations.slice(version)) await session.query(migrate(schema));
  };
  await database.use((session) => session.transact(BEGIN, () => job(session)));
}

/**
 * Rejects tables that a newer package has changed.
 * @throws {@link KeysError} `STORE_UNAVAILABLE`
 */
export function checkVersion(version: number, known = SCHEMA_VERSION): void {
  if (version <= known) return;
  throw new KeysError("STORE_UNAVAILABLE", "the tables of the store were made by a newer version of mcp-keys", {
    hint: "update it with: npm install mcp-keys@latest",
  });
}
