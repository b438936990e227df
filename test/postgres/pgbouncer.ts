import { spawn } from "node:child_process";
import { chown, mkdtemp, readFile, realpath, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Site } from "./cluster.ts";
import { canConnect } from "./connection.ts";
import { freePort } from "./free-port.ts";
import { guardFolder } from "./guard.ts";
import { findPgBouncer, findRunner } from "./programs.ts";

/** A PgBouncer in front of a cluster, for all of its databases and users. */
export interface PgBouncer {
  /** On 127.0.0.1. Users log in with their password of the cluster. */
  readonly port: number;
  /** Ends it and removes its files. May be called twice. */
  remove(): Promise<void>;
}

/** Starts PgBouncer in transaction mode and with its defaults, which reject unknown start-up parameters. */
export async function startPgBouncer(site: Site): Promise<PgBouncer> {
  const program = findPgBouncer();
  if (program === null) throw new Error("PgBouncer is not installed");
  const runner = findRunner();
  const folder = await mkdtemp(join(await realpath(tmpdir()), "mcp-keys-pgb-"));
  const remove = guardFolder(folder);
  const config = join(folder, "ini");
  const users = join(folder, "users");
  const log = join(folder, "log");
  const port = await freePort();
  const lines = [
    "[databases]",
    `* = host=${site.socket} port=${String(site.port)} auth_user=postgres`,
    "[pgbouncer]",
    "pool_mode = transaction",
    "listen_addr = 127.0.0.1",
    `listen_port = ${String(port)}`,
    "unix_socket_dir =",
    "auth_type = scram-sha-256",
    `auth_file = ${users}`,
    "max_client_conn = 500",
    `logfile = ${log}`,
    `pidfile = ${join(folder, "pgbouncer.pid")}`,
  ];
  await writeFile(config, `${lines.join("\n")}\n`, { mode: 0o600 });
  await writeFile(users, `"postgres" "${site.password}"\n`, { mode: 0o600 });
  if (runner !== null) for (const path of [folder, config, users]) await chown(path, runner.uid, runner.gid);
  const server = spawn(program, [config], { ...runner, cwd: folder, detached: true, stdio: "ignore" });
  server.unref();
  const where = { host: "127.0.0.1", port, user: "postgres", password: site.password };
  for (let look = 0; !(await canConnect(where)); look++) {
    if (look === 400 || server.exitCode !== null) {
      await remove();
      throw new Error(`PgBouncer does not start:\n${await readFile(log, "utf8").catch(() => "no log")}`);
    }
    await sleep(25);
  }
  return { port, remove };
}
