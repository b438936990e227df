import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeEach, onTestFinished } from "vitest";
import { openStore } from "../../../src/stores/index.ts";
import type { KeychainEngine } from "../../../src/stores/keychain/protocol.ts";
import type { KeyStore, StoreWorld } from "../../../src/stores/store.ts";

/**
 * `unlocked`: a keyring without a password. `locked`: a keyring with a password that was not entered. `empty`: a service without a
 * keyring, as in WSL. `none`: a bus without a service.
 */
export type ServiceState = "unlocked" | "locked" | "empty" | "none";

/** A Secret Service on a private bus, in a private home. */
export interface SecretService {
  /** The environment for processes that use it. */
  readonly env: Readonly<Record<string, string>>;
  readonly dataDir: string;
  readonly world: StoreWorld;
  /** The process of the service, which a test may stop or kill. */
  pid(): Promise<number>;
  /** Stops the bus: it accepts connections and never answers. */
  hangBus(): void;
  /** Ends the bus. */
  endBus(): Promise<void>;
}

/** Registers a clean-up, as `onTestFinished` does. Concurrent tests pass the one of their context. */
export type Defer = (job: () => Promise<void> | void) => void;

export const ENGINES: readonly { readonly engine: KeychainEngine; readonly spec: string; readonly file: string }[] = [
  { engine: "keyring", spec: "keychain:", file: "keychain.jsonl" },
  { engine: "keytar", spec: "keychain:keytar", file: "keychain-keytar.jsonl" },
];

const PROGRAMS = ["dbus-daemon", "dbus-send", "gnome-keyring-daemon"];
const PASSWORD = "pw";

/** Skips the tests of this file on machines that cannot run a Secret Service. */
export function needSecretService(): void {
  const missing = PROGRAMS.filter((program) => !isInstalled(program));
  beforeEach((context) => {
    context.skip(missing.length > 0, `needs ${missing.join(", ")}`);
  });
}

function isInstalled(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Opens a store, and closes it after the test. */
export async function openOn(
  { world }: SecretService,
  spec: string,
  more: Partial<StoreWorld> = {},
  defer: Defer = onTestFinished,
): Promise<KeyStore> {
  const store = await openStore(spec, { ...world, ...more });
  defer(() => store.close());
  return store;
}

interface ServiceOptions {
  /** More variables for all of its processes. */
  readonly more?: Readonly<Record<string, string>>;
  /** The command that the bus starts to show prompts, instead of the desktop's. */
  readonly prompter?: string;
}

/** Starts a Secret Service, and ends it after the test. */
export async function aSecretService(
  state: ServiceState,
  { more = {}, prompter }: ServiceOptions = {},
  defer: Defer = onTestFinished,
): Promise<SecretService> {
  const home = await mkdtemp(join(await realpath(tmpdir()), "mcp-keys-service-"));
  defer(() => rm(home, { recursive: true, force: true, maxRetries: 3 }));
  const dataDir = join(home, "data", "mcp-keys");
  const base = { HOME: home, PATH: process.env["PATH"] ?? "", ...(await foldersIn(home)), ...more };
  if (prompter !== undefined) await usePrompter(home, prompter);
  if (state === "locked") {
    const first = await startBus(home, base, true);
    await unlock(first.env, PASSWORD);
    await endAll(first);
  }
  const bus = await startBus(home, base, state !== "none");
  defer(() => endAll(bus));
  if (state === "unlocked") await unlock(bus.env, "");
  return {
    env: bus.env,
    dataDir,
    world: { env: bus.env, uid: process.getuid?.() ?? null, dataDir },
    pid: async () => (await servicePid(bus.env)) ?? Promise.reject(new Error("no service runs")),
    hangBus: () => void bus.process.kill("SIGSTOP"),
    endBus: () => endProcess(bus.process),
  };
}

/** Runs one Secret Service for all tests of a file. Each call returns it with another home, where stores have other items. */
export function sharedSecretService(state: ServiceState): () => Promise<SecretService> {
  const jobs: Parameters<Defer>[0][] = [];
  let started: Promise<SecretService> | null = null;
  afterAll(async () => {
    for (const job of jobs.splice(0).reverse()) await job();
    started = null;
  });
  return async () => inNewHome(await (started ??= aSecretService(state, {}, (job) => void jobs.push(job))));
}

/** The same service for processes with another home. */
export async function inNewHome(service: SecretService): Promise<SecretService> {
  const home = await mkdtemp(join(service.env["HOME"]!, "home-"));
  const folders = { XDG_DATA_HOME: join(home, "data"), XDG_CONFIG_HOME: join(home, "config") };
  const env = { ...service.env, HOME: home, ...folders };
  const dataDir = join(home, "data", "mcp-keys");
  return { ...service, env, dataDir, world: { ...service.world, env, dataDir } };
}

interface Bus {
  readonly process: ChildProcess;
  readonly env: Readonly<Record<string, string>>;
}

async function foldersIn(home: string): Promise<Record<string, string>> {
  const folders = { XDG_DATA_HOME: "data", XDG_CONFIG_HOME: "config", XDG_CACHE_HOME: "cache", XDG_RUNTIME_DIR: "run" };
  const paths = Object.entries(folders).map(([name, folder]) => [name, join(home, folder)] as const);
  for (const [, path] of paths) await mkdir(path, { mode: 0o700 });
  return Object.fromEntries(paths);
}

async function usePrompter(home: string, command: string): Promise<void> {
  const folder = join(home, "data/dbus-1/services");
  await mkdir(folder, { recursive: true });
  const name = "org.gnome.keyring.SystemPrompter";
  await writeFile(join(folder, `${name}.service`), `[D-BUS Service]\nName=${name}\nExec=${command}\n`);
}

/** @param activates - Whether the bus starts a service on demand, as a desktop bus does. */
async function startBus(home: string, env: Readonly<Record<string, string>>, activates: boolean): Promise<Bus> {
  const args = ["--nofork", "--nopidfile", "--print-address=1"];
  if (activates) args.push("--session", `--address=unix:dir=${home}`);
  else args.push(`--config-file=${await bareConfiguration(home)}`);
  const started = spawn("dbus-daemon", args, { env, stdio: ["ignore", "pipe", "ignore"] });
  const lines = createInterface(started.stdout);
  const address = await new Promise<string>((resolve, reject) => {
    lines.once("line", resolve);
    lines.once("close", () => reject(new Error("dbus-daemon ended before it had an address")));
  });
  return { process: started, env: { ...env, DBUS_SESSION_BUS_ADDRESS: address } };
}

async function bareConfiguration(home: string): Promise<string> {
  const path = join(home, "bus.conf");
  const policy = `<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>`;
  const listen = `<type>session</type><listen>unix:dir=${home}</listen>`;
  const type = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "busconfig.dtd">`;
  await writeFile(path, `${type}<busconfig>${listen}<policy context="default">${policy}</policy></busconfig>`);
  return path;
}

/** Starts a service and unlocks its keyring, or creates one. GNOME Keyring ignores an empty password without a line end. */
async function unlock(env: Readonly<Record<string, string>>, password: string): Promise<void> {
  const daemon = spawn("gnome-keyring-daemon", ["--unlock", "--components=secrets"], {
    env,
    stdio: ["pipe", "ignore", "ignore"],
  });
  daemon.stdin.end(password === "" ? "\n" : password);
  const status = await new Promise((resolve) => daemon.once("exit", resolve));
  if (status !== 0) throw new Error(`gnome-keyring-daemon ended with ${String(status)}`);
  // It appears on the bus a moment later.
  for (let look = 0; (await servicePid(env)) === null; look++) {
    if (look === 200) throw new Error("gnome-keyring-daemon did not come to the bus");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** `null` when no service runs. The query starts none. */
async function servicePid(env: Readonly<Record<string, string>>): Promise<number | null> {
  const args = ["--session", "--print-reply=literal", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"];
  const method = "org.freedesktop.DBus.GetConnectionUnixProcessID";
  return promisify(execFile)("dbus-send", [...args, method, "string:org.freedesktop.secrets"], { env }).then(
    ({ stdout }) => Number(/\d+$/.exec(stdout.trim())?.[0]),
    () => null,
  );
}

/** Ends the service first, since it may outlive its bus. */
async function endAll(bus: Bus): Promise<void> {
  bus.process.kill("SIGCONT");
  const pid = await servicePid(bus.env);
  if (pid !== null) killIfThere(pid);
  await endProcess(bus.process);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has already ended.
  }
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
