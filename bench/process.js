/** Measures a process from the outside. */
import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "mcp-keys-pipes-"));
const pipes = [join(folder, "in"), join(folder, "out")];
const hasPipes = spawnSync("mkfifo", pipes).status === 0;
process.on("exit", () => rmSync(folder, { recursive: true }));

/**
 * Returns the milliseconds a node process takes. Rejects on a non-zero exit, because then it did not do the measured work. The process
 * gets pipes as from a shell, where Node itself would pass sockets. Its output has to fit into a pipe.
 */
export function timed(argv, env, stdin = "") {
  return new Promise((resolve, reject) => {
    const { stdio, opened } = openPipes(stdin);
    const start = process.hrtime.bigint();
    const child = spawn(process.execPath, argv, { env, stdio: [...stdio, "ignore"] });
    child.stdout?.resume();
    child.stdin?.on("error", () => {}).end(stdin);
    child.on("error", reject);
    child.on("exit", (status) => {
      const ms = Number(process.hrtime.bigint() - start) / 1e6;
      for (const fd of opened) closeSync(fd);
      if (status !== 0) reject(new Error(`${argv.join(" ")} ended with ${status}`));
      else resolve(ms);
    });
  });
}

function openPipes(stdin) {
  if (!hasPipes) return { stdio: ["pipe", "pipe"], opened: [] };
  // Opened in both directions first: otherwise, opening one end waits for the other.
  const [input, output] = pipes.map((path) => openSync(path, "r+"));
  const stdio = [openSync(pipes[0], "r"), openSync(pipes[1], "w")];
  writeSync(input, stdin);
  closeSync(input);
  return { stdio, opened: [output, ...stdio] };
}
