import { createCli, type FakeOptions, type Ran } from "../cli/fake-world.ts";
import { aDatabase } from "./shared.ts";
import type { Database } from "./database.ts";

/** Who runs a command: the superuser, or a user with only these rights. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** Creates an empty database, and a CLI whose store is in it. `file` is a second store. */
export async function aPostgresCli(defaults: FakeOptions = {}) {
  const database = await aDatabase();
  const created = createCli(defaults);
  const envOf = ({ user, password }: Login, port = database.site.port) => ({
    MCP_KEYS_STORE: database.urlFor({ port, user }),
    PGPASSWORD: password,
  });
  const env = envOf({ user: "postgres", password: database.password });
  const cli = (line: string | readonly string[], options: FakeOptions = {}): Promise<Ran> =>
    created.cli(line, { ...options, env: { ...env, ...options.env } });
  return { ...created, cli, database, env, envOf, spec: database.url };
}

/** Creates a user with one of the roles of the store, or none. Its name has that of the database, because users belong to the cluster. */
export async function aUser(database: Database, ...roles: readonly string[]): Promise<Login> {
  const user = `u${String(roles.length)}_${roles.map((role) => role.at(-1)).join("")}_${database.name}`;
  const password = await database.createUser(user);
  const client = await database.connect();
  for (const role of roles) await client.query(`grant ${role} to ${user}`);
  await client.end();
  return { user, password };
}
