import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { openStore } from "../../../src/stores/index.ts";
import type { PostgresStore } from "../../../src/stores/postgres/store.ts";
import { createDatabase } from "../../postgres/database.ts";
import type { Database } from "../../postgres/database.ts";
import { startPgBouncer } from "../../postgres/pgbouncer.ts";
import { findPgBouncer, findPostgres } from "../../postgres/programs.ts";
import { needPostgres, sharedCluster } from "../../postgres/shared.ts";
import { aWorld } from "../place.ts";

/** A place for a store in a schema of its own: creating a schema is much faster than creating a database. */
export interface Shelf {
  readonly schema: string;
  readonly database: Database;
  readonly spec: string;
  /** Opens the store, as another process would. It is closed after the test. */
  open(options?: string, port?: number): Promise<PostgresStore>;
  /** Runs statements as the superuser, and returns the rows of the last one. */
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
}

/** Prepares a database for the tests of a file or a `describe`. Returns a function that makes a {@link Shelf} in it. */
export function shelves({ pgBouncer = false } = {}): () => Promise<Shelf> {
  needPostgres({ pgBouncer });
  let database: Database | undefined;
  let bouncer: { port: number; remove(): Promise<void> } | undefined;
  beforeAll(async () => {
    if (findPostgres() === null || (pgBouncer && findPgBouncer() === null)) return;
    const cluster = await sharedCluster();
    database = await createDatabase(cluster);
    if (pgBouncer) bouncer = await startPgBouncer(cluster);
  });
  afterAll(async () => {
    await bouncer?.remove();
    await database?.drop();
  });
  return async () => {
    if (database === undefined) throw new Error("the database was not created");
    return aShelf(database, bouncer === undefined ? database.url : database.urlFor({ port: bouncer.port }));
  };
}

function aShelf(database: Database, url: string): Shelf {
  const schema = `s${randomBytes(6).toString("hex")}`;
  const spec = `${url}?schema=${schema}`;
  return {
    ...{ schema, database, spec },
    async open(options = "", port) {
      const through = port === undefined ? spec : `${database.urlFor({ port })}?schema=${schema}`;
      const store = await openStore(`${through}${options}`, aWorld(null, { PGPASSWORD: database.password }));
      onTestFinished(() => store.close());
      return store as PostgresStore;
    },
    async query(text, values = []) {
      const client = await database.connect();
      try {
        return (await client.query<Record<string, unknown>>(text, [...values])).rows;
      } finally {
        await client.end();
      }
    },
  };
}
