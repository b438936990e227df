import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { beforeEach, onTestFinished } from "vitest";
import { openStore } from "../../../src/stores/index.ts";
import type { KeychainEngine } from "../../../src/stores/keychain/protocol.ts";
import type { KeyStore, StoreWorld } from "../../../src/stores/store.ts";
import { aFolder } from "../place.ts";

/**
 * `unlocked`: a keyring without a password. `locked`: one with, that nobody has opened. `empty`: a service without a keyring,
 * as in WSL. `none`: a bus without a service.
 */
export type ServiceState = "unlocked" | "locked" | "empty" | "none";

/** A Secret Service of the test's own: a private bus, a private home, gone after the test. */
export interface SecretService {
  /** For processes that are to find it. */
  readonly env: Readonly<Record<string, string>>;
  readonly dataDir: string;
  readonly world: StoreWorld;
  /** The process of the service, which may be stopped or killed. */
  pid(): Promise<number>;
  /** Stops the bus until the test ends: it takes connections and says nothing. */
  hangBus(): void;
  /** Ends the bus. */
  endBus(): Promise<void>;
}

export const ENGINES: readonly { readonly engine: KeychainEngine; readonly spec: string; readonly file: string }[] = [
  { engine: "keyring", spec: "keychain:", file: "keychain.jsonl" },
  { engine: "keytar", spec: "keychain:keytar", file: "keychain-keytar.jsonl" },
];

const PROGRAMS = ["dbus-daemon", "dbus-send", "gnome-keyring-daemon"];
const PASSWORD = "pw";

/** Leaves the tests of this file out where there can be no Secret Service. */
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

/** A store there, closed after the test. */
export async function openOn(
  { world }: SecretService,
  spec: string,
  more: Partial<StoreWorld> = {},
): Promise<KeyStore> {
  const store = await openStore(spec, { ...world, ...more });
  onTestFinished(() => store.close());
  return store;
}

interface ServiceOptions {
  /** For the environment of all of it. */
  readonly more?: Readonly<Record<string, string>>;
  /** The command that the bus starts to show prompts, in the place of the desktop's. */
  readonly prompter?: string;
}

export async function aSecretService(
  state: ServiceState,
  { more = {}, prompter }: ServiceOptions = {},
): Promise<SecretService> {
  const home = await aFolder();
  const dataDir = join(home, "data", "mcp-keys");
  const base = { HOME: home, PATH: process.env["PATH"] ?? "", ...(await foldersIn(home)), ...more };
  if (prompter !== undefined) await usePrompter(home, prompter);
  if (state === "locked") {
    const first = await startBus(home, base, true);
    await unlock(first.env, PASSWORD);
    await endAll(first);
  }
  const bus = await startBus(home, base, state !== "none");
  onTestFinished(() => endAll(bus));
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

/** @param activates - Whether the bus starts a service when it is asked for one, as the bus of a desktop does. */
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

/** Starts a service and opens its keyring, which is made where there is none. The password must end in something. */
async function unlock(env: Readonly<Record<string, string>>, password: string): Promise<void> {
  const daemon = spawn("gnome-keyring-daemon", ["--unlock", "--components=secrets"], {
    env,
    stdio: ["pipe", "ignore", "ignore"],
  });
  daemon.stdin.end(password === "" ? "\n" : password);
  const status = await new Promise((resolve) => daemon.once("exit", resolve));
  if (status !== 0) throw new Error(`gnome-keyring-daemon ended with ${String(status)}`);
  // It takes its name on the bus a moment later.
  for (let look = 0; (await servicePid(env)) === null; look++) {
    if (look === 200) throw new Error("gnome-keyring-daemon did not come to the bus");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** `null` when no service runs; asking for it starts none. */
async function servicePid(env: Readonly<Record<string, string>>): Promise<number | null> {
  const args = ["--session", "--print-reply=literal", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"];
  const method = "org.freedesktop.DBus.GetConnectionUnixProcessID";
  return promisify(execFile)("dbus-send", [...args, method, "string:org.freedesktop.secrets"], { env }).then(
    ({ stdout }) => Number(/\d+$/.exec(stdout.trim())?.[0]),
    () => null,
  );
}

/** The service first: it may outlive its bus. */
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
    // It ended by itself.
  }
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
