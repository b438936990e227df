import { closeSync, openSync } from "node:fs";
import { openSpawn } from "../../src/cli/test/spawn.ts";
import { startProcess } from "../../src/process/start-process.ts";

/** Starts programs when no file descriptor is left for a pipe, and prints how that fails. Run as a separate process. */

const { env } = process;
const spawn = openSpawn({ world: { env, interrupted: new AbortController().signal }, atEnd: () => undefined });
const files: number[] = [];
try {
  for (;;) files.push(openSync("/dev/null", "r"));
} catch {
  // No descriptor is left.
}
const faults: unknown[] = [];
try {
  startProcess("true", [], { env, stdio: "pipe" });
} catch (fault) {
  faults.push((fault as Error).message);
}
await spawn({ command: "true", args: [], env: {} }).catch((fault: unknown) => faults.push(fault));
// Errors that Node reports late would end this process.
await new Promise((resolve) => setTimeout(resolve, 50));
files.forEach((file) => closeSync(file));
process.stdout.write(JSON.stringify(faults));
