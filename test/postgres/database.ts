import { randomBytes } from "node:crypto";
import type pg from "pg";
import type { Site } from "./cluster.ts";
import { connect } from "./connection.ts";

/** An empty database. */
export interface Database {
  readonly name: string;
  readonly site: Site;
  /** Without the password, because specs have none: `postgres://postgres@127.0.0.1:<port>/<name>`. */
  readonly url: string;
  /** The password of `url`, for example as PGPASSWORD. */
  readonly password: string;
  /** The same database through another port, for example PgBouncer's, or for another user. */
  urlFor(change: { readonly port?: number; readonly user?: string }): string;
  /** Connects as the superuser, through the socket. */
  connect(): Promise<pg.Client>;
  /** Creates a user who can log in with the returned password and may do nothing else. Cluster-wide. */
  createUser(name: string): Promise<string>;
  /** Ends all connections and removes it. */
  drop(): Promise<void>;
}

/** Creates an empty database on a cluster. */
export async function createDatabase(site: Site): Promise<Database> {
  const name = `t${randomBytes(6).toString("hex")}`;
  const open = (database: string) => connect({ host: site.socket, port: site.port, user: "postgres", database });
  const run = async (sql: string, database = "postgres") => {
    const client = await open(database);
    await client.query(sql);
    await client.end();
  };
  await run(`create database ${name}`);
  const urlFor = ({ port = site.port, user = "postgres" } = {}) =>
    `postgres://${user}@127.0.0.1:${String(port)}/${name}`;
  return {
    ...{ name, site, url: urlFor(), password: site.password, urlFor },
    connect: () => open(name),
    async createUser(user) {
      const password = randomBytes(18).toString("base64url");
      await run(`create role ${user} login password '${password}'`);
      return password;
    },
    drop: () => run(`drop database if exists ${name} with (force)`),
  };
}
