import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { aFolder } from "../stores/place.ts";
import { startPostgres } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import { canConnect, connect } from "./connection.ts";
import { createDatabase } from "./database.ts";
import { startPgBouncer } from "./pgbouncer.ts";
import { aDatabase, needPostgres, sharedCluster } from "./shared.ts";

needPostgres({ pgBouncer: true });

async function aCluster(): Promise<Cluster> {
  const cluster = await startPostgres();
  onTestFinished(() => cluster.remove());
  return cluster;
}

test("keeps what was committed across a stop, a kill and a restart, and a backup brings the old state back", async () => {
  const cluster = await aCluster();
  const database = await createDatabase(cluster);
  const query = async (sql: string) => {
    const client = await database.connect();
    const { rows } = await client.query<{ n: number }>(sql);
    await client.end();
    return rows.map(({ n }) => n);
  };
  await query("create table t (n int)");
  await query("insert into t values (1)");
  const dump = await cluster.dump();
  await query("insert into t values (2)");
  const open = await database.connect();
  await cluster.kill9();
  await expect(database.connect()).rejects.toThrow();
  await cluster.restart();
  await expect(open.query("select 1")).rejects.toThrow();
  await cluster.restart();
  await cluster.stop();
  await cluster.restart();
  expect(await query("select n from t order by n")).toEqual([1, 2]);
  await cluster.restore(dump);
  expect(await query("select n from t order by n")).toEqual([1]);
}, 60_000);

test("asks for the password over TCP, and each test has its own database", async () => {
  const [one, other] = [await aDatabase(), await aDatabase()];
  expect(one.site).toEqual(other.site);
  const { port } = one.site;
  const over = { host: "127.0.0.1", port, user: "postgres", database: one.name };
  expect(await canConnect({ ...over, password: "wrong" })).toBe(false);
  const client = await connect({ ...over, password: one.password });
  await client.query("create table t (n int)");
  await client.end();
  const beside = await other.connect();
  await expect(beside.query("select * from t")).rejects.toMatchObject({ code: "42P01" });
  await beside.end();
});

test("PgBouncer gives each transaction any connection, and takes every user of the cluster", async () => {
  const cluster = await sharedCluster();
  const database = await aDatabase();
  const bouncer = await startPgBouncer(cluster);
  onTestFinished(() => bouncer.remove());
  const user = `u_${database.name}`;
  const password = await database.createUser(user);
  onTestFinished(async () => {
    const client = await connect({ host: cluster.socket, port: cluster.port, user: "postgres" });
    await client.query(`drop role ${user}`);
    await client.end();
  });
  const through = { host: "127.0.0.1", port: bouncer.port, user, password, database: database.name };
  const clients = [await connect(through), await connect(through)];
  expect((await clients[0]!.query("select current_user as name")).rows).toEqual([{ name: user }]);
  const pids = [];
  for (const client of clients) pids.push((await client.query("select pg_backend_pid() as pid")).rows[0]);
  expect(pids[0]).toEqual(pids[1]);
  for (const client of clients) await client.end();
});

test("ends with the process that started it, also if that is killed", async () => {
  const outfile = join(await aFolder(), "cluster.main.mjs");
  const entryPoints = [join(import.meta.dirname, "cluster.main.ts")];
  // `pg` stays outside the bundle, so the program is beside the packages.
  await build({ entryPoints, outfile, bundle: true, platform: "node", format: "esm", external: ["pg"] });
  await symlink(join(import.meta.dirname, "../../node_modules"), join(outfile, "../node_modules"));
  const child = spawn(process.execPath, [outfile], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const { folder, port } = JSON.parse(line.toString()) as { folder: string; port: number };
  expect(existsSync(folder)).toBe(true);
  child.kill("SIGKILL");
  for (let look = 0; existsSync(folder); look++) {
    if (look === 400) throw new Error(`${folder} is still there`);
    await sleep(25);
  }
  expect(await canConnect({ host: "127.0.0.1", port, user: "postgres" })).toBe(false);
});
