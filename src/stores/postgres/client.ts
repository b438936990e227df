import { KeysError } from "../../errors.ts";
import type { StoreWorld } from "../store.ts";
import { readPassword } from "./password.ts";
import type { PostgresTarget } from "./spec.ts";
import { tlsOptions } from "./tls.ts";

/**
 * A connection of a pool, as `pg` makes them.
 * @example
 * ```ts
 * import type { PostgresClient } from "mcp-keys";
 *
 * const ping = (client: PostgresClient): Promise<unknown> => client.query({ text: "select 1" });
 * ```
 */
export interface PostgresClient {
  /** Runs a statement. Without values, several statements, and returns an array. */
  query(config: { text: string; values?: unknown[]; query_timeout?: number }): Promise<unknown>;
  /** Gives it back to the pool, or with `true` closes it. */
  release(destroy?: boolean): void;
  on(event: "error" | "end", listener: (error: Error) => void): unknown;
  on(event: "notification", listener: (message: { channel: string }) => void): unknown;
  removeListener(event: string, listener: (...args: unknown[]) => void): unknown;
}

/**
 * A pool of connections: a `Pool` of `pg`.
 * @example
 * ```ts
 * import { Pool } from "pg";
 * import { postgresStore, type PostgresPool } from "mcp-keys";
 *
 * const pool: PostgresPool = new Pool({ host: "localhost", max: 4 });
 * const store = postgresStore({ pool });
 * ```
 */
export interface PostgresPool {
  connect(): Promise<PostgresClient>;
  end(): Promise<void>;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** One for reads, one for a write, one that listens, and one in reserve. */
const CONNECTIONS = 4;
export const CONNECT_MS = 5_000;

/**
 * Makes a pool of connections to a database. Connects on first use.
 * @throws {@link KeysError} `STORE_UNAVAILABLE` if `pg` is not installed, or a file of a certificate cannot be read
 */
export async function createPool(target: PostgresTarget, env: StoreWorld["env"]): Promise<PostgresPool> {
  const { Client, Pool } = await loadPg();
  const { host, port, user, database } = target;
  return new Pool({
    Client: closingClient(Client),
    ...{ host, port, user, database },
    password: readPassword(env),
    ssl: await tlsOptions(target),
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    allowExitOnIdle: true,
    application_name: "mcp-keys",
  });
}

/** Closes the socket of a client at once: a server that does not answer would never confirm the end. */
export function cut(client: object): void {
  const { connection } = client as { connection?: { stream?: { destroy?: () => void } } };
  connection?.stream?.destroy?.();
}

type PgClient = Awaited<ReturnType<typeof loadPg>>["Client"];

/**
 * Makes a class of clients that close their socket if the login fails. It would hold a place at the server until that gives up. An error that
 * arrives together with the end of the login, before the pool listens for it, would end the process: the next statement reports it.
 */
function closingClient(Client: PgClient): PgClient {
  return class extends Client {
    override connect(): Promise<InstanceType<PgClient>>;
    override connect(done: (fault: never, client: never) => void): void;
    override connect(done?: (fault: never, client: never) => void): Promise<InstanceType<PgClient>> | undefined {
      this.on("error", () => undefined);
      const connecting = super.connect().catch((fault: unknown) => {
        cut(this);
        throw fault;
      });
      if (done === undefined) return connecting;
      connecting.then((client) => done(null as never, client as never), done as (fault: unknown) => void);
      return undefined;
    }
  };
}

async function loadPg() {
  try {
    // Versions before 8.15 have no named exports for `import`.
    return (await import("pg")).default;
  } catch (cause) {
    throw new KeysError("STORE_UNAVAILABLE", "a store in PostgreSQL needs the package pg, which is not installed", {
      hint: "install it next to mcp-keys with: npm install pg",
      cause,
    });
  }
}
