import { spawn } from "node:child_process";
import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const BIN = fileURLToPath(new URL("../../bin/mcp-keys.js", import.meta.url));

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
  /** Milliseconds until it is killed: a minute unless told otherwise. */
  readonly limit?: number;
  /** Called with what stderr has said so far, each time it says more. */
  readonly onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** A folder of its own and the built CLI in processes of its own, with a store in that folder. */
export function createProcesses() {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "mcp-keys-e2e-")));
  const file = join(dir, "keys.jsonl");
  const env = { PATH: process.env["PATH"], HOME: dir, MCP_KEYS_STORE: `file:${file}` };

  function mcpKeys(args: readonly string[], options: ProcessOptions = {}): Promise<Ended> {
    return runProcess(process.execPath, [BIN, ...args], { ...options, env: { ...env, ...options.env } });
  }
  return { dir, file, env, mcpKeys };
}

/** Runs a program to its end; what it prints is kept, and it gets no more time than `limit`. */
export function runProcess(program: string, args: readonly string[], options: ProcessOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: options.env,
      cwd: options.cwd,
      stdio: ["pipe", "pipe", "pipe"],
      timeout: options.limit ?? 60_000,
    });
    const said = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said.stderr += text;
      options.onStderr?.(said.stderr, (signal) => child.kill(signal));
    });
    child.on("error", reject);
    child.on("close", (status, signal) => {
      resolve({ status, signal, ...said });
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
  });
}
