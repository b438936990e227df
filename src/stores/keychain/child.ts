import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { dirname, join } from "node:path";
import { execPath } from "node:process";
import { startProcess, type RunningProcess } from "../../process/start-process.ts";
import type { StoreWorld } from "../store.ts";
import { kindOf, KeychainFault } from "./fault.ts";
import type { ChildReply, ChildRequest, ChildSuccess, KeychainEngine, PromptNotice } from "./protocol.ts";

/** Long enough for a process to start on a busy machine. */
const START_MS = 20_000;
/** An idle process ends after this. */
const IDLE_MS = 5_000;

interface PendingRequest {
  readonly resolve: (reply: ChildReply) => void;
  readonly reject: (fault: KeychainFault) => void;
  readonly onPrompt: () => void;
}

/** A process that calls the keychain: it can be killed when a call hangs, and a crash is harmless. Takes one request at a time. */
export class Child {
  readonly #process: RunningProcess;
  readonly #stdin: Socket;
  readonly #stdout: Socket;
  #pending: PendingRequest | null = null;
  #fault: KeychainFault | null = null;
  #text = "";
  #idle: NodeJS.Timeout | undefined;

  /** @throws {@link KeychainFault} `unavailable`, `not-installed` */
  constructor(env: StoreWorld["env"]) {
    this.#process = start(env);
    const { stdin, stdout } = this.#process.child as unknown as { stdin: Socket; stdout: Socket };
    [this.#stdin, this.#stdout] = [stdin, stdout];
    this.#process.started.catch((cause: unknown) => {
      this.end(new KeychainFault("unavailable", `spawn: ${cause instanceof Error ? cause.message : String(cause)}`));
    });
    void this.#process.exited.then(({ code, signal }) => {
      this.end(new KeychainFault("crashed", `its process ended with ${signal ?? String(code)}`));
    });
    stdout.setEncoding("utf8").on("data", (piece: string) => this.#read(piece));
  }

  /** Loads an engine. Must come first. @throws {@link KeychainFault} `not-installed`, `unloadable` */
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

  /**
   * Sends a request and waits for the reply, with no limit.
   * @param onPrompt - Called when the call is found to wait for a prompt.
   * @throws {@link KeychainFault} the one passed to {@link end}
   */
  async ask(request: ChildRequest, onPrompt: () => void = () => {}): Promise<ChildReply> {
    if (this.#fault !== null) throw this.#fault;
    clearTimeout(this.#idle);
    this.#keepAlive(true);
    try {
      return await new Promise<ChildReply>((resolve, reject) => {
        this.#pending = { resolve, reject, onPrompt };
        this.#stdin.write(`${JSON.stringify(request)}\n`);
      });
    } finally {
      this.#keepAlive(false);
      this.#pending = null;
      this.#idle = setTimeout(() => this.end(new KeychainFault("unavailable", "it was idle")), IDLE_MS).unref();
    }
  }

  /** Kills the process, and fails the pending request with `fault`. */
  end(fault: KeychainFault): void {
    if (this.#fault !== null) return;
    this.#fault = fault;
    clearTimeout(this.#idle);
    this.#process.kill();
    this.#pending?.reject(fault);
  }

  #read(piece: string): void {
    const lines = (this.#text + piece).split("\n");
    this.#text = lines.pop() ?? "";
    for (const each of lines) {
      const line = parseLine(each);
      if (line === null) this.end(new KeychainFault("crashed", "its process sent a line that is not a reply"));
      else if ("prompt" in line) this.#pending?.onPrompt();
      else this.#pending?.resolve(line);
    }
  }

  /** Only a pending request keeps the parent alive. */
  #keepAlive(keep: boolean): void {
    for (const each of [this.#process.child, this.#stdin, this.#stdout]) {
      if (keep) each.ref();
      else each.unref();
    }
  }
}

function parseLine(text: string): ChildReply | PromptNotice | null {
  try {
    const line = JSON.parse(text) as Partial<ChildReply & PromptNotice> | null;
    return typeof line?.ok === "boolean" || line?.prompt === true ? (line as ChildReply | PromptNotice) : null;
  } catch {
    return null;
  }
}

function start(env: StoreWorld["env"]): RunningProcess {
  const path = programPath();
  try {
    // A separate process group: Ctrl-C in a terminal reaches the parent only.
    return startProcess(execPath, [path], {
      cwd: dirname(path),
      env: envOf(env),
      stdio: ["pipe", "pipe", "ignore"],
      ownGroup: true,
    });
  } catch (cause) {
    throw new KeychainFault("unavailable", `spawn: ${String(cause)}`);
  }
}

/** Returns the path of the built program, found from the package: this module may run from a chunk, the CLI bundle or the sources. */
function programPath(): string {
  const path = join(
    dirname(createRequire(import.meta.url).resolve("mcp-keys/package.json")),
    "dist/keychain/child.cjs",
  );
  if (!existsSync(path)) throw new KeychainFault("not-installed", `${path} does not exist`);
  return path;
}

/** Leaves out secrets, and variables that slow down the start. */
function envOf(env: StoreWorld["env"]): Record<string, string | undefined> {
  const entries = Object.entries(env).filter(
    ([name]) => !/^(MCP_API_KEY|MCP_KEYS_PEPPER|NODE_EXTRA_CA_CERTS)/.test(name),
  );
  // Makes Electron run the program as Node.
  return { ...Object.fromEntries(entries), ELECTRON_RUN_AS_NODE: "1" };
}

/** Returns a successful reply. @throws {@link KeychainFault} for any other */
export function expectSuccess(reply: ChildReply): ChildSuccess {
  if (reply.ok) return reply;
  throw new KeychainFault(kindOf(reply.text), reply.text);
}
