/** Measures a process from the outside. */
import { spawn } from "node:child_process";

/** Returns the milliseconds a node process takes. Rejects on a non-zero exit, because then it did not do the measured work. */
export function timed(argv, env, stdin = "") {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    const child = spawn(process.execPath, argv, { env, stdio: ["pipe", "pipe", "ignore"] });
    child.stdout.resume();
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
    child.on("error", reject);
    child.on("exit", (status) => {
      if (status !== 0) reject(new Error(`${argv.join(" ")} ended with ${status}`));
      else resolve(Number(process.hrtime.bigint() - start) / 1e6);
    });
  });
}
