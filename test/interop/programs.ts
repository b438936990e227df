import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const FOLDER = join(import.meta.dirname, "node_modules");
export const INSPECTOR = "@modelcontextprotocol/inspector/clients/launcher/build/index.js";
export const CONFORMANCE = "@modelcontextprotocol/conformance/dist/index.js";

/** A Node that these programs support; ours may be too old. */
export const NODE = findNode();

/** Runs a program, for at most 90 seconds. It stops with the test. */
export function run(program: string, args: readonly string[]): Promise<Ended> {
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  return new Promise((resolve, reject) => {
    const child = spawn(NODE, [join(FOLDER, program), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      signal: ending.signal,
      timeout: 90_000,
      killSignal: "SIGKILL",
    });
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, ...output }));
  });
}

function findNode(): string {
  const platform = process.platform === "win32" ? "win" : process.platform;
  for (const name of [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`]) {
    const path = join(FOLDER, name, "bin", platform === "win" ? "node.exe" : "node");
    if (existsSync(path)) return path;
  }
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return process.execPath;
  throw new Error(`no Node 22.19 or later for ${process.platform} ${process.arch}: run this with a newer Node`);
}
