import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { build } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { startProcess, type ProcessOptions } from "../../src/process/start-process.ts";
import { freshFolder } from "../sinks/folder.ts";

const folder = freshFolder();

/** Runs a shell script with pipes for its streams. */
function run(script: string, more: Partial<ProcessOptions> = {}) {
  const options: ProcessOptions = { env: { PATH: process.env["PATH"] }, stdio: "pipe", ownGroup: true, ...more };
  const started = startProcess("sh", ["-c", script], options);
  onTestFinished(() => started.end(100));
  let output = "";
  started.child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
  return { started, output: () => output };
}

test("reports the exit status, after all output", async () => {
  const { started, output } = run("echo one; echo two; exit 3");
  await started.started;
  expect(await started.closed()).toEqual({ code: 3, signal: null });
  expect(output()).toBe("one\ntwo\n");
});

test("reports the signal that ended it", async () => {
  const { started } = run("kill -9 $$");
  expect(await started.exited).toEqual({ code: null, signal: "SIGKILL" });
});

test("rejects only the start if there is no such program", async () => {
  const missing = startProcess("/nonexistent/program", [], { env: {}, stdio: "pipe" });
  await expect(missing.started).rejects.toMatchObject({ code: "ENOENT" });
  expect(await missing.exited).toEqual({ code: null, signal: null });
  expect(await missing.closed()).toEqual({ code: null, signal: null });
  await missing.end();
  missing.kill();
});

test("passes exactly the given environment", async () => {
  const { started, output } = run("echo $GIVEN, $HOME", { env: { GIVEN: "given", HOME: undefined } });
  await started.closed();
  expect(output()).toBe("given,\n");
});

test("ignores a broken pipe", async () => {
  const { started } = run("exec <&-; exit 0");
  for (let i = 0; i < 10; i++) started.child.stdin?.write("x".repeat(100_000));
  expect(await started.closed()).toEqual({ code: 0, signal: null });
});

test("waits at most the limit for streams that a child keeps open", async () => {
  const { started } = run("sleep 60 & exit 0");
  expect(await started.closed(50)).toEqual({ code: 0, signal: null });
});

test("ends the whole group, also after its leader", async () => {
  const { started, output } = run("sleep 60 & echo $!; exit 0");
  await started.exited;
  await expect.poll(output).toMatch(/^\d+\n$/);
  await started.end(100);
  expect(await started.closed()).toEqual({ code: 0, signal: null });
});

test("kill ends the process and closes its streams, even if its children keep running", async () => {
  const { started, output } = run("sleep 60 & echo started; wait");
  await expect.poll(output).toBe("started\n");
  started.kill();
  expect(await started.closed()).toEqual({ code: null, signal: "SIGKILL" });
});

test("throws if there are too many open files, and `test --stdio` reports that the program cannot start", async () => {
  const script = join(folder.path, "main.mjs");
  const entryPoints = [join(import.meta.dirname, "out-of-files.main.ts")];
  await build({ entryPoints, outfile: script, bundle: true, platform: "node", format: "esm", logLevel: "error" });
  const output = execFileSync("sh", ["-c", 'ulimit -n 64; exec "$0" "$1"', process.execPath, script], {
    encoding: "utf8",
  });
  expect(JSON.parse(output)).toEqual([
    "cannot open pipes to true: too many open files",
    expect.objectContaining({ code: "SERVER_UNREACHABLE", message: "cannot start true" }),
  ]);
});
