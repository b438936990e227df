import type { Database, Row } from "./database.ts";
import { explain } from "./explain.ts";
import { isMissing } from "./fault.ts";
import { type Continuity, type Head, headColumns } from "./head.ts";
import { OWN_NAMES } from "./schema-sql.ts";

/** The tables of one store, and what this process saw of them. */
export interface Tables {
  readonly database: Database;
  /** A valid name, which needs no quotes. */
  readonly schema: string;
  /** Names the database in messages. Contains no password. */
  readonly place: string;
  readonly continuity: Continuity;
}

/** Settings that PostgreSQL has or not, depending on its version; compatible databases have few of them. */
const LIMITS = [
  ["transaction_timeout", "30s"],
  ["tcp_user_timeout", "10s"],
  ["tcp_keepalives_idle", "5"],
  ["tcp_keepalives_interval", "3"],
  ["tcp_keepalives_count", "3"],
];

/**
 * Returns the statements that begin a transaction and lock the head, which every writer waits for. A writer that has vanished holds the
 * others back for five seconds. If only a part of its next statement has arrived, the settings of TCP end the connection.
 */
export function lockHead(schema: string): string {
  const limits = LIMITS.map(([name, value]) => `('${String(name)}', '${String(value)}')`).join(", ");
  return `begin isolation level read committed read write; ${OWN_NAMES}; set local lock_timeout = '10s';
    set local idle_in_transaction_session_timeout = '5s';
    select set_config(name, value, true) from (values ${limits}) as t (name, value) where current_setting(name, true) is not null;
    select from ${schema}.head for update; set local statement_timeout = '5s'`;
}

/**
 * Runs one statement that reads the head beside other columns, and checks that the history did not go back.
 * @param rest - what follows `select <columns of the head>` , such as `, k.body from …`; its values start at `$1`
 * @returns `null` if there are no tables yet
 * @throws {@link KeysError} `STORE_REWOUND`, `STORE_UNAVAILABLE`, `STORE_READ_ONLY`
 */
export async function readWithHead(
  { database, schema, place, continuity }: Tables,
  rest: string,
  values: readonly unknown[] = [],
): Promise<{ head: Head; rows: readonly Row[] } | null> {
  const { seen } = continuity;
  const text = `select ${headColumns(schema, seen)}${rest}`;
  const rows = await orMissing(
    { place, continuity },
    database.read((session) => session.query(text, values)),
  );
  return rows === null ? null : { head: continuity.check(rows[0], seen), rows };
}

/**
 * Waits for a statement. Returns `null` if there are no tables yet, and explains every other fault.
 * @param toError - converts a fault
 */
export async function orMissing<T>(
  { place, continuity }: Pick<Tables, "place" | "continuity">,
  reading: Promise<T>,
  toError: typeof explain = explain,
): Promise<T | null> {
  try {
    return await reading;
  } catch (fault) {
    if (!isMissing(fault)) throw toError(fault, place);
    const lost = continuity.checkMissing();
    if (lost !== null) throw lost;
    return null;
  }
}
