/** The time of a process from outside. */
import { spawn } from "node:child_process";

/** Milliseconds until node has ended with these arguments; whatever is not 0 is an error, for it was not the work measured. */
export function timed(argv, env, stdin = "") {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    const child = spawn(process.execPath, argv, { env, stdio: ["pipe", "ignore", "ignore"] });
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
    child.on("error", reject);
    child.on("exit", (status) => {
      if (status !== 0) reject(new Error(`${argv.join(" ")} ended with ${status}`));
      else resolve(Number(process.hrtime.bigint() - start) / 1e6);
    });
  });
}
