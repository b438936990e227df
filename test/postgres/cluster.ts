import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cp, mkdir, mkdtemp, open, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { canConnect } from "./connection.ts";
import { freePort } from "./free-port.ts";
import { guardFolder } from "./guard.ts";
import { findPostgres, findRunner } from "./programs.ts";

/** Where a cluster is, and how to connect to it. Plain data, which passes between threads. */
export interface Site {
  /** On 127.0.0.1. The same after a restart. */
  readonly port: number;
  /** The folder of the unix socket, where nobody needs a password. */
  readonly socket: string;
  /** Of the superuser `postgres`, which TCP asks for. */
  readonly password: string;
}

/** A PostgreSQL server of its own. */
export interface Cluster extends Site {
  /** The folder of everything. Only the user of the server can enter it. */
  readonly folder: string;
  /** The path of its log. */
  readonly log: string;
  /** The pid of the server, which a test may stop with SIGSTOP. */
  pid(): number;
  /** Ends all connections, writes everything and stops. */
  stop(): Promise<void>;
  /** Kills the server with SIGKILL. The processes of its connections end by themselves, each after its statement. */
  kill9(): Promise<void>;
  /** Starts again, after `stop`, after `kill9` or while it runs. */
  restart(): Promise<void>;
  /** Copies the whole cluster while it runs, as a physical backup does. Returns the folder of the copy. */
  dump(): Promise<string>;
  /** Stops, replaces everything by a copy, and starts again on the same port. */
  restore(dump: string): Promise<void>;
  /** Ends it and removes all of its files. May be called twice. */
  remove(): Promise<void>;
}

const SETTINGS = ["max_connections = 300", "shared_buffers = 32MB", "lc_messages = 'C'"];
/** The socket needs no password, because only the server's user and root can enter its folder. */
const HBA = "local all all trust\nlocal replication all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
/** The superuser's name. */
const SUPERUSER = "postgres";

/**
 * Starts a cluster, which takes about two seconds. It ends with this process at the latest, however that ends.
 * @param settings - more lines for `postgresql.conf`
 */
export async function startPostgres(settings: readonly string[] = []): Promise<Cluster> {
  const bin = findPostgres();
  if (bin === null) throw new Error("PostgreSQL 15 or later is not installed");
  const runner = findRunner();
  const folder = await mkdtemp(join(await realpath(tmpdir()), "mcp-keys-pg-"));
  const remove = guardFolder(folder);
  const own = async (...args: string[]) => {
    if (runner === null) return;
    await promisify(execFile)("chown", ["-R", `${String(runner.uid)}:${String(runner.gid)}`, ...args]);
  };
  const run = (program: string, args: readonly string[]) =>
    promisify(execFile)(join(bin, program), args, { ...runner, cwd: folder, timeout: 60_000 });
  const data = join(folder, "data");
  const socket = join(folder, "socket");
  const log = join(folder, "log");
  const port = await freePort();
  const password = randomBytes(18).toString("base64url");

  await mkdir(socket, { mode: 0o700 });
  await writeFile(join(folder, "password"), password, { mode: 0o600 });
  await own(folder);
  const auth = ["--auth-local=trust", "--auth-host=scram-sha-256", `--pwfile=${join(folder, "password")}`];
  await run("initdb", ["-D", data, "-U", SUPERUSER, "-E", "UTF8", "--locale=C", "--no-sync", ...auth]);
  await rm(join(folder, "password"));
  await writeFile(join(data, "pg_hba.conf"), HBA);
  const place = [`port = ${String(port)}`, `unix_socket_directories = '${socket}'`, "listen_addresses = '127.0.0.1'"];
  await writeFile(join(data, "postgresql.auto.conf"), [...SETTINGS, ...place, ...settings, ""].join("\n"));

  const launch = async () => {
    const out = await open(log, "a");
    // Ctrl-C ends the process group of the test run. The guard ends the server after the tests.
    const started = spawn(join(bin, "postgres"), ["-D", data], {
      ...runner,
      cwd: folder,
      detached: true,
      stdio: ["ignore", out.fd, out.fd],
    });
    started.unref();
    await out.close();
    return started;
  };
  const start = async () => {
    // After kill9, a new server refuses to start until the last process of the old one has ended.
    for (let round = 0; round < 40; round++) {
      const started = await launch();
      if (await isReady(started, { host: socket, port, user: SUPERUSER })) return started;
      await sleep(250);
    }
    throw new Error(`PostgreSQL does not start:\n${(await readFile(log, "utf8")).slice(-2_000)}`);
  };
  let server = await start();

  return {
    ...{ port, socket, password, folder, log, remove },
    pid: () => server.pid!,
    stop: () => end(server, "SIGINT"),
    kill9: () => end(server, "SIGKILL"),
    async restart() {
      await end(server, "SIGINT");
      server = await start();
    },
    async dump() {
      const copy = await mkdtemp(join(folder, "dump-"));
      await own(copy);
      const from = ["-h", socket, "-p", String(port), "-U", SUPERUSER];
      await run("pg_basebackup", ["-D", copy, "-X", "stream", "-c", "fast", ...from]);
      return copy;
    },
    async restore(dump) {
      // At once, as a crash: nothing of the old state is needed.
      await end(server, "SIGQUIT");
      await rm(data, { recursive: true, maxRetries: 20 });
      await cp(dump, data, { recursive: true });
      await own(data);
      server = await start();
    },
  };
}

/** Waits until a server answers. Returns false if it has ended. */
async function isReady(server: ChildProcess, where: { host: string; port: number; user: string }): Promise<boolean> {
  for (let look = 0; look < 1_200; look++) {
    if (server.exitCode !== null || server.signalCode !== null) return false;
    if (await canConnect(where)) return true;
    await sleep(25);
  }
  throw new Error("PostgreSQL has been starting for too long");
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.kill(signal);
  // It may have been stopped.
  server.kill("SIGCONT");
  await ended;
}
