import { spawn } from "node:child_process";
import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The built CLI. */
export const BIN = fileURLToPath(new URL("../../bin/mcp-keys.js", import.meta.url));

/** How a process ended and what it printed. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly env?: Record<string, string | undefined>;
  readonly stdin?: string;
  readonly cwd?: string;
  /** Milliseconds until it is killed; 60 000 by default. */
  readonly limit?: number;
  /** Resolve when it has ended, even if processes that it left keep its output open. */
  readonly untilExit?: boolean;
  /** Called once it runs. */
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
  /** Called with all of stderr so far, each time it grows. */
  readonly onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Creates a folder with a store, and runs the built CLI on it in separate processes. */
export function createProcesses() {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "mcp-keys-e2e-")));
  const file = join(dir, "keys.jsonl");
  // Its home is the folder whose files tests list. `code-cache.test.ts` turns the cache on.
  const off = { NODE_DISABLE_COMPILE_CACHE: "1" };
  const env = { PATH: process.env["PATH"], HOME: dir, MCP_KEYS_STORE: `file:${file}`, ...off };

  function mcpKeys(args: readonly string[], options: ProcessOptions = {}): Promise<Ended> {
    return runProcess(process.execPath, [BIN, ...args], { ...options, env: { ...env, ...options.env } });
  }
  return { dir, file, env, mcpKeys };
}

/** Runs a program to its end, at most `limit` milliseconds, and returns its output. */
export function runProcess(program: string, args: readonly string[], options: ProcessOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: options.env,
      cwd: options.cwd,
      stdio: ["pipe", "pipe", "pipe"],
      timeout: options.limit ?? 60_000,
    });
    options.onStart?.((signal) => child.kill(signal));
    const printed = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (printed.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      printed.stderr += text;
      options.onStderr?.(printed.stderr, (signal) => child.kill(signal));
    });
    child.on("error", reject);
    child.on(options.untilExit === true ? "exit" : "close", (status: number | null, signal: NodeJS.Signals | null) => {
      resolve({ status, signal, ...printed });
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
  });
}
