import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { platform } from "node:os";
import { dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { execPath } from "node:process";
import type { StoreWorld } from "../store.ts";
import { KeychainFault, troubleOf } from "./fault.ts";
import type { KeychainEngine, Reply, Request } from "./protocol.ts";

/** The process may take so long to start on a machine that is busy; no keychain is asked for anything in this time. */
const START_MS = 20_000;
/** A process that is not asked anything ends after this. */
const IDLE_MS = 5_000;

/** A process that asks the keychain, so that a call that hangs or crashes can be left. One request at a time. */
export class Child {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  #waiting: { readonly resolve: (reply: Reply) => void; readonly reject: (fault: KeychainFault) => void } | null = null;
  #fault: KeychainFault | null = null;
  #text = "";
  #idle: NodeJS.Timeout | undefined;

  /** @throws {@link KeychainFault} `unavailable`, `not-installed` */
  constructor(env: StoreWorld["env"]) {
    this.#child = start(env);
    this.#child.on("error", (cause) => this.end(new KeychainFault("unavailable", `spawn: ${cause.message}`)));
    this.#child.on("exit", (status, signal) => {
      this.end(new KeychainFault("crashed", `its process ended with ${signal ?? String(status)}`));
    });
    this.#child.stdin.on("error", () => {});
    this.#child.stdout.setEncoding("utf8");
    this.#child.stdout.on("data", (piece: string) => this.#read(piece));
  }

  /** Loads an engine, before anything else is asked. @throws {@link KeychainFault} `not-installed`, `unloadable` */
  async open(engine: KeychainEngine): Promise<void> {
    const timer = setTimeout(() => this.end(new KeychainFault("timed-out", "its process did not start")), START_MS);
    const reply = await this.ask({ op: "open", engine }).finally(() => clearTimeout(timer));
    if (reply.ok) return;
    const fault = new KeychainFault(reply.missing === true ? "not-installed" : "unloadable", reply.text);
    this.end(fault);
    throw fault;
  }

  get hasEnded(): boolean {
    return this.#fault !== null;
  }

  /** Sends a request and waits for its answer, for as long as that takes. @throws {@link KeychainFault} what it was ended with */
  async ask(request: Request): Promise<Reply> {
    if (this.#fault !== null) throw this.#fault;
    clearTimeout(this.#idle);
    this.#hold(true);
    try {
      return await new Promise<Reply>((resolve, reject) => {
        this.#waiting = { resolve, reject };
        this.#child.stdin.write(`${JSON.stringify(request)}\n`);
      });
    } finally {
      this.#hold(false);
      this.#waiting = null;
      this.#idle = setTimeout(() => this.end(new KeychainFault("unavailable", "it was idle")), IDLE_MS).unref();
    }
  }

  /** Kills the process; what is being waited for fails with `fault`. */
  end(fault: KeychainFault): void {
    if (this.#fault !== null) return;
    this.#fault = fault;
    clearTimeout(this.#idle);
    this.#child.kill("SIGKILL");
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
    this.#waiting?.reject(fault);
  }

  #read(piece: string): void {
    this.#text += piece;
    const end = this.#text.indexOf("\n");
    if (end === -1) return;
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    const waiting = this.#waiting;
    this.#waiting = null;
    const reply = parseReply(line);
    if (reply === null) this.end(new KeychainFault("crashed", "its process answered with what is no answer"));
    else waiting?.resolve(reply);
  }

  /** Only a call that is under way keeps our own process alive. */
  #hold(hold: boolean): void {
    const { stdin, stdout } = this.#child as unknown as { stdin: Socket; stdout: Socket };
    for (const each of [this.#child, stdin, stdout]) {
      if (hold) each.ref();
      else each.unref();
    }
  }
}

function parseReply(line: string): Reply | null {
  try {
    const reply = JSON.parse(line) as Partial<Reply> | null;
    return typeof reply?.ok === "boolean" ? (reply as Reply) : null;
  } catch {
    return null;
  }
}

function start(env: StoreWorld["env"]): ChildProcessByStdio<Writable, Readable, null> {
  const path = programPath();
  try {
    return spawn(execPath, [path], {
      cwd: dirname(path),
      env: envOf(env),
      stdio: ["pipe", "pipe", "ignore"],
      // A group of its own: Ctrl-C in a terminal is for us to hear, who end it.
      detached: platform() !== "win32",
      windowsHide: true,
    });
  } catch (cause) {
    throw new KeychainFault("unavailable", `spawn: ${String(cause)}`);
  }
}

/** Beside the build, wherever in it this code stands: in a chunk, in the command line's, or in the sources under test. */
function programPath(): string {
  const path = join(
    dirname(createRequire(import.meta.url).resolve("mcp-keys/package.json")),
    "dist/keychain/child.cjs",
  );
  if (!existsSync(path)) throw new KeychainFault("not-installed", `${path} is not there`);
  return path;
}

/** What is secret stays here, and what would only slow it down. */
function envOf(env: StoreWorld["env"]): Record<string, string | undefined> {
  const entries = Object.entries(env).filter(
    ([name]) => !/^(MCP_API_KEY|MCP_KEYS_PEPPER|NODE_EXTRA_CA_CERTS)/.test(name),
  );
  // Where the program is Electron, it is to be Node.
  return { ...Object.fromEntries(entries), ELECTRON_RUN_AS_NODE: "1" };
}

/** A reply that must be one of success. @throws {@link KeychainFault} */
export function expectOk(reply: Reply): Extract<Reply, { ok: true }> {
  if (reply.ok) return reply;
  throw new KeychainFault(troubleOf(reply.text), reply.text);
}
