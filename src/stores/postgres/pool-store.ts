import { FLAG, readOptions, TEXT, type Rules } from "../../core/options.ts";
import { KeysError } from "../../errors.ts";
import { isObject } from "../../core/type-guards.ts";
import type { PostgresPool } from "./client.ts";
import { DEFAULT_SCHEMA, parseSchema } from "./spec.ts";
import type { KeyStore } from "../store.ts";
import { createPostgresStore } from "./store.ts";

/**
 * A store in PostgreSQL for a server that has a pool already.
 * @example
 * ```ts
 * import { Pool } from "pg";
 * import { createVerifier, postgresStore, type PostgresStoreOptions } from "mcp-keys";
 *
 * const options: PostgresStoreOptions = { pool: new Pool({ host: "db.example" }), schema: "mcp_keys" };
 * const verifier = await createVerifier({ store: postgresStore(options) });
 * ```
 */
export interface PostgresStoreOptions {
  /** A `Pool` of `pg` with room for two more connections. With `max: 1` the store does not listen. The store leaves the pool open. */
  readonly pool: PostgresPool;
  /** Default: `mcp_keys`. */
  readonly schema?: string;
  /** False to find changes by polling only. Default: where it works, one connection listens. */
  readonly listen?: boolean;
}

const RULES: Rules<PostgresStoreOptions> = {
  pool: {
    what: "a Pool of pg",
    is: (value) =>
      isObject(value) &&
      ["connect", "on", "removeListener"].every((name) => typeof value[name] === "function") &&
      // A client of `pg` has these, too.
      !("processID" in value),
    required: true,
  },
  schema: TEXT,
  listen: FLAG,
};

/**
 * Opens a store in PostgreSQL through a pool of the caller, for example with settings that a spec cannot express. Connects on first use.
 * Otherwise use `openStore("postgres://…")`.
 * @returns the store; close it before the pool
 * @throws `KeysError` `USAGE`
 * @example
 * ```ts
 * import { Pool } from "pg";
 * import { createKeys, postgresStore } from "mcp-keys";
 *
 * const pool = new Pool({ host: "db.example", database: "keys", max: 4 });
 * const keys = createKeys({ store: postgresStore({ pool }) });
 * ```
 */
export function postgresStore(options: PostgresStoreOptions): KeyStore {
  const {
    pool,
    schema: name = DEFAULT_SCHEMA,
    listen,
  } = readOptions<PostgresStoreOptions>("postgresStore", options, RULES);
  const schema = parseSchema(name);
  const { options: settings } = pool as { options?: { max?: unknown } };
  // The only connection would listen, and none would be left to read with.
  const isSmall = settings?.max === 1;
  if (isSmall && listen === true) {
    throw new KeysError("USAGE", "a pool with one connection has none to listen with", {
      hint: "raise max of the pool to at least 2, or leave out listen",
    });
  }
  return createPostgresStore({
    createPool: async () => pool,
    ownsPool: false,
    ...{
      schema,
      listen: isSmall ? false : listen,
      spec: `postgres:pool?schema=${schema}`,
      place: "the database of the pool",
    },
  });
}
