import { functionsSql } from "./functions-sql.ts";
import { DEFAULT_SCHEMA } from "./spec.ts";

/** The version of the tables, in `head.schema_version`. Raise it with each change, and add a step to {@link MIGRATIONS}. */
export const SCHEMA_VERSION = 1;

/**
 * Hides what others have created in `public` for a transaction. A function there is preferred to the one of PostgreSQL if its types fit
 * better, and runs with the rights of the caller. A statement outside a transaction must leave nothing to prefer: it names the schema
 * `pg_catalog` for functions of any type, and casts to the exact type.
 */
export const OWN_NAMES = "set local search_path = pg_catalog, pg_temp";

/** Everything that a store creates in its schema. */
export const TABLES = ["head", "changes", "keys", "versions", "uses", "reports", "followers"] as const;
export const FUNCTIONS = ["acknowledge", "unfollow", "touch"] as const;

/**
 * Returns the SQL that creates a store for an administrator to run: its roles, tables and functions, and who may use them. Running it
 * again changes nothing.
 * @param schema - a name that `parseSchema` accepts
 */
export function schemaSql(schema: string = DEFAULT_SCHEMA): string {
  return `begin;\n${OWN_NAMES};\n${ROLES}\n${tablesSql(schema)}commit;\n`;
}

/** Returns the SQL that creates the tables and functions. Grants them to the roles if these exist. */
export function tablesSql(schema: string): string {
  return `create schema if not exists ${schema};

-- One row: the position of the store. Every change locks it, so changes have no gaps and are numbered in the order of their commits.
create table if not exists ${schema}.head (
  only_row boolean primary key default true check (only_row),
  schema_version integer not null,
  epoch text not null,
  started timestamptz not null,
  seq bigint not null,
  sum text not null,
  newest bigint not null
) with (fillfactor = 50);

-- The history. A record is a line of JSON that ends with its own SHA-256 and names that of the record before it.
create table if not exists ${schema}.changes (
  seq bigint primary key,
  change_id uuid not null unique,
  sum text not null,
  record text not null
);

-- The keys after the last change, in order of creation.
create table if not exists ${schema}.keys (
  id text primary key,
  name text not null,
  revision bigint not null,
  born bigint not null,
  nth bigint not null,
  body text not null,
  -- Checked at commit, because two keys may swap their names.
  constraint keys_name unique (name) deferrable initially deferred
);
create unique index if not exists keys_order on ${schema}.keys (born, nth);

create table if not exists ${schema}.versions (
  key_id text not null,
  n integer not null,
  digest text collate "C" not null,
  primary key (key_id, n)
);
create unique index if not exists versions_digest on ${schema}.versions (digest) where digest <> 'forgotten';

-- When versions were last used. Not part of the history.
create table if not exists ${schema}.uses (
  key_id text not null,
  n integer not null,
  server text not null,
  at bigint not null,
  primary key (key_id, n, server)
) with (fillfactor = 70);

-- Until when servers without a connection have reported their uses; with an empty name, when a keyset was published.
create table if not exists ${schema}.reports (
  server text primary key,
  at bigint not null
);

-- The verifiers that follow this store.
create table if not exists ${schema}.followers (
  id text primary key,
  name text not null,
  epoch text not null,
  seq bigint not null,
  version text not null,
  seen_at timestamptz not null,
  lease_until timestamptz not null
) with (fillfactor = 50);

${functionsSql(schema)}
insert into ${schema}.head (schema_version, epoch, started, seq, sum, newest)
values (${SCHEMA_VERSION}, gen_random_uuid()::text, clock_timestamp(), 0, repeat('0', 64), 0)
on conflict do nothing;

${grantsSql(schema)}`;
}

const ROLES = `-- mcp_keys_admin issues and revokes keys; mcp_keys_verifier checks them. Give them to users: grant mcp_keys_verifier to web;
do $$ begin
  if not exists (select from pg_roles where rolname = 'mcp_keys_admin') then create role mcp_keys_admin; end if;
  if not exists (select from pg_roles where rolname = 'mcp_keys_verifier') then create role mcp_keys_verifier; end if;
end $$;
`;

/**
 * A verifier reads keys. It writes only through functions, so it can neither issue a key nor speak for another verifier. Names each table,
 * because others may be in the schema.
 */
function grantsSql(schema: string): string {
  const list = (names: readonly string[]) => names.map((name) => `${schema}.${name}`).join(", ");
  const readable = TABLES.filter((name) => name !== "followers");
  return `revoke execute on function ${list(FUNCTIONS)} from public;
do $$ begin
  if exists (select from pg_roles where rolname = 'mcp_keys_admin') then
    grant usage on schema ${schema} to mcp_keys_admin;
    grant select, insert, update, delete on ${list(TABLES)} to mcp_keys_admin;
    grant execute on function ${list(FUNCTIONS)} to mcp_keys_admin;
  end if;
  if exists (select from pg_roles where rolname = 'mcp_keys_verifier') then
    grant usage on schema ${schema} to mcp_keys_verifier;
    grant select on ${list(readable)} to mcp_keys_verifier;
    grant execute on function ${list(FUNCTIONS)} to mcp_keys_verifier;
  end if;
end $$;
`;
}
