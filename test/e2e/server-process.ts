import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

/** A server in a separate process. */
export interface ServerProcess {
  /** The first line it printed. */
  readonly url: string;
  /** Returns its stderr so far. */
  readonly log: () => string;
  /** Sends SIGTERM, as a supervisor does, and returns the exit status. */
  stop(): Promise<number | null>;
}

/** Starts a server that prints its URL on the first line. It is killed at the end of the test. */
export async function startServerProcess(
  script: string,
  env: Record<string, string | undefined>,
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [script], { env: { ...env, PORT: "0" }, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  const ended = once(child, "exit") as Promise<[number | null]>;
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const { value: url } = await lines.next();
  if (typeof url !== "string") throw new Error(`the server did not start: ${log}`);
  return {
    url,
    log: () => log,
    async stop() {
      child.kill("SIGTERM");
      return (await ended)[0];
    },
  };
}
