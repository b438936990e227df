import type { StoreWorld } from "../store.ts";
import { createPool } from "./client.ts";
import { Database, sessionOf, type Row } from "./database.ts";
import { explain } from "./explain.ts";
import { checkDirect, deafnessOf } from "./listen.ts";
import { SCHEMA_VERSION } from "./schema-sql.ts";
import { parseTarget } from "./spec.ts";
import { channelOf } from "./store-change.ts";

/** The state of a database, of the store in it, and what its user may do there. */
export interface PostgresReport {
  /** For example `15.18`. */
  readonly version: string;
  readonly user: string;
  readonly schema: string;
  /** The version of the tables. `null` without tables, and `unreadable` if this user may not read them. */
  readonly tables: number | "unreadable" | null;
  /** The version of the tables that this package makes. */
  readonly known: number;
  /** Whether this user may create the tables. */
  readonly mayCreate: boolean;
  readonly isSuperuser: boolean;
  /** Whether this user belongs to the role for servers. */
  readonly isVerifier: boolean;
  /** Whether this user may issue and change keys. */
  readonly mayWrite: boolean;
  /** Whether this user may record the position of a server. */
  readonly mayAcknowledge: boolean;
  readonly isStandby: boolean;
  /** Why no notifications arrive, `off` if the spec says so, or `null` if they do. */
  readonly deafness: string | null;
  /** How full the queue of notifications is: 0 to 1. */
  readonly queueUsage: number;
  /** The clock of the database, in epoch seconds. */
  readonly now: number;
}

/**
 * Inspects a database and changes nothing.
 * @param location - the part of the spec after the colon
 * @throws {@link KeysError} `USAGE` for the location; `STORE_UNAVAILABLE` if the database cannot be reached
 */
export async function inspectPostgres(location: string, { env }: Pick<StoreWorld, "env">): Promise<PostgresReport> {
  const target = parseTarget(location, env);
  const { schema } = target;
  const database = new Database(() => createPool(target, env), true);
  try {
    const [facts] = await database.read((session) => session.query(FACTS, [schema]));
    return {
      ...{ schema, known: SCHEMA_VERSION },
      tables: isTrue(facts, "has_tables") ? await readVersion(database, schema, isTrue(facts, "may_read")) : null,
      ...{ version: facts?.["version"] ?? "", user: facts?.["user"] ?? "" },
      mayCreate: isTrue(facts, "may_create"),
      isSuperuser: isTrue(facts, "is_superuser"),
      isVerifier: isTrue(facts, "is_verifier"),
      mayWrite: isTrue(facts, "may_write"),
      mayAcknowledge: isTrue(facts, "may_acknowledge"),
      isStandby: isTrue(facts, "is_standby"),
      deafness: target.listen === false ? "off" : await findDeafness(database, schema),
      queueUsage: Number(facts?.["queue"]),
      now: Number(facts?.["now"]),
    };
  } catch (fault) {
    throw explain(fault, `the database ${target.database} on ${target.host}`);
  } finally {
    await database.close();
  }
}

/** The catalogs show these to every user, also without rights on the schema. */
const FACTS = `
  with names as (select oid from pg_namespace where nspname = $1),
    tables as (select c.oid, c.relname from pg_class c join names n on c.relnamespace = n.oid where c.relkind = 'r'),
    functions as (select p.oid from pg_proc p join names n on p.pronamespace = n.oid where p.proname = 'acknowledge')
  select current_user as user,
    current_setting('server_version') as version,
    (select rolsuper from pg_roles where rolname = current_user)::text as is_superuser,
    exists (
      select from pg_roles r where r.rolname = 'mcp_keys_verifier' and pg_has_role(r.oid, 'member')
    )::text as is_verifier,
    exists (select from tables where relname = 'head')::text as has_tables,
    exists (
      select from tables t, names n where relname = 'head'
      and has_table_privilege(t.oid, 'select') and has_schema_privilege(n.oid, 'usage')
    )::text as may_read,
    (case when exists (select from names) then (select has_schema_privilege(oid, 'create') from names)
      else has_database_privilege(current_database()::text, 'create') end)::text as may_create,
    exists (
      select from tables where relname in ('keys', 'versions', 'changes', 'head')
      and has_table_privilege(oid, 'insert, update, delete')
    )::text as may_write,
    exists (select from functions where has_function_privilege(oid, 'execute'))::text as may_acknowledge,
    pg_is_in_recovery()::text as is_standby,
    pg_notification_queue_usage()::text as queue,
    extract(epoch from clock_timestamp())::text as now`;

function isTrue(row: Row | undefined, name: string): boolean {
  return row?.[name] === "true";
}

async function readVersion(database: Database, schema: string, mayRead: boolean): Promise<number | "unreadable"> {
  if (!mayRead) return "unreadable";
  const [head] = await database.read((session) =>
    session.query(`select schema_version::text as version from ${schema}.head`),
  );
  return Number(head?.["version"] ?? 0);
}

/** Listens for a moment. Returns why no notification would arrive, or `null`. */
async function findDeafness(database: Database, schema: string): Promise<string | null> {
  const client = await database.take();
  try {
    const session = sessionOf(client);
    await checkDirect(client, await session.query("select pg_backend_pid()::text as pid"));
    await session.query(`listen ${channelOf(schema)}`);
    return null;
  } catch (fault) {
    const reason = deafnessOf(fault);
    if (reason === null) throw fault;
    return reason;
  } finally {
    database.give(client, false);
  }
}
