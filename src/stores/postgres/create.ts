import { KeysError } from "../../errors.ts";
import type { SqlSession } from "./database.ts";
import { explainWrite } from "./explain.ts";
import { codeOf, isMissing } from "./fault.ts";
import { setUp } from "./setup.ts";
import type { Tables } from "./tables.ts";

/** Runs a job that writes and may run twice. Creates the tables if they are missing. */
export async function orCreate<T>(tables: Tables, job: (session: SqlSession) => Promise<T>): Promise<T> {
  const { database, place } = tables;
  try {
    return await database.read(job).catch(async (fault: unknown) => {
      if (!isMissing(fault)) throw fault;
      await createTables(tables);
      return database.read(job);
    });
  } catch (fault) {
    throw explainWrite(fault, place);
  }
}

/**
 * Creates the tables of a store that has none.
 * @throws {@link KeysError} `STORE_READ_ONLY` if they were there before, because the store was moved; `STORE_UNAVAILABLE` if this user may
 *   not create them
 */
export async function createTables({ database, schema, place, continuity }: Tables): Promise<void> {
  const lost = continuity.checkMissing();
  if (lost !== null) throw new KeysError("STORE_READ_ONLY", lost.message, { hint: lost.hint });
  await setUp(database, schema).catch((fault: unknown) => {
    if (codeOf(fault) !== "42501") throw explainWrite(fault, place);
    throw new KeysError("STORE_UNAVAILABLE", `${place} has no tables, and this user may not create them`, {
      hint: "as an administrator of the database, run: mcp-keys store schema | psql <database>",
      cause: fault,
    });
  });
}
