import type { KeyStore, StoreWorld } from "../store.ts";
import { createPool } from "./client.ts";
import { formatTarget, parseTarget } from "./spec.ts";
import { createPostgresStore } from "./store.ts";

/**
 * Opens a store in PostgreSQL. Connects on first use.
 * @param location - `//user@host:port/database?schema=mcp_keys`, see {@link parseTarget}
 * @throws {@link KeysError} `USAGE`
 */
export async function openPostgresStore(location: string, { env }: Pick<StoreWorld, "env">): Promise<KeyStore> {
  const target = parseTarget(location, env);
  return createPostgresStore({
    createPool: () => createPool(target, env),
    ownsPool: true,
    schema: target.schema,
    spec: formatTarget(target),
    place: `the database ${target.database} on ${target.host}`,
    listen: target.listen,
  });
}
