import { execFileSync } from "node:child_process";
import { expect, onTestFinished, test } from "vitest";
import { Secret } from "../../../src/core/secret.ts";
import { describeExit, type ProgramInit, type Spawn } from "../../../src/probe/stdio/spawn.ts";
import { until } from "../../server/fixture.ts";
import { TOKEN } from "../verify/verifying.ts";
import { PROGRAM, probeProgram, realSpawn } from "./probing.ts";

const NODE = process.execPath;
const atEnd = (cleanUp: () => Promise<void>): void => onTestFinished(cleanUp);

/** Starts a script and collects its output. */
async function run(script: string, more: Partial<ProgramInit> = {}, spawn: Spawn = realSpawn({}, { atEnd })) {
  const program = await spawn({ command: NODE, args: ["-e", script], env: {}, ...more });
  const output = { stdout: "", stderr: "" };
  program.listen((stream, text) => (output[stream] += text));
  return { program, output };
}

test("a program gets our environment with the given changes", async () => {
  const spawn = realSpawn({ KEPT: "kept", MCP_API_KEY: "ours", OTHER: "other" }, { atEnd });
  const env = { MCP_API_KEY: null, OTHER: new Secret("mine"), EMPTY: new Secret("") };
  const script =
    "const { KEPT, MCP_API_KEY, OTHER, EMPTY } = process.env; console.log(KEPT, MCP_API_KEY, OTHER, [EMPTY])";
  const { program, output } = await run(script, { env }, spawn);
  expect(await program.ended).toEqual({ code: 0, signal: null });
  expect(output).toEqual({ stdout: "kept undefined mine [ '' ]\n", stderr: "" });
});

test("the process list does not show the key", async () => {
  const script = "console.log(process.pid); process.stdin.resume()";
  const { program, output } = await run(script, { env: { MCP_API_KEY: TOKEN } });
  await until(() => output.stdout.endsWith("\n"));
  const command = execFileSync("ps", ["-o", "args=", "-p", output.stdout.trim()], { encoding: "utf8" });
  expect(command).toContain("resume");
  expect(command).not.toContain(TOKEN.reveal());
  await program.end();
});

test("lines arrive complete, even if a chunk ends in the middle of a character", async () => {
  const echo = "process.stdin.on('data', (chunk) => process.stdout.write(chunk)).on('end', () => process.exit(3))";
  const { program, output } = await run(echo);
  program.write("ünï");
  program.write("cödé 🔑");
  await until(() => output.stdout === "ünï\ncödé 🔑\n");
  await program.end();
  expect(describeExit(await program.ended)).toBe("exit status 3");
});

test("writing to a program that exited is ignored", async () => {
  const { program } = await run("process.exit(4)");
  expect(await program.ended).toMatchObject({ code: 4 });
  for (let i = 0; i < 10; i++) program.write("x".repeat(100_000));
  await program.end();
  await program.end();
});

test("ends a program that ignores the end of its input and SIGTERM, with its children", async () => {
  const stubborn = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log(process.pid);";
  const parent = `const child = require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(stubborn)}], { stdio: ["ignore", "inherit", "inherit"] }); ${stubborn}`;
  const { program, output } = await run(parent);
  await until(() => output.stdout.trim().split("\n").length === 2);
  const ids = output.stdout.trim().split("\n").map(Number);
  expect(ids.every(isAlive)).toBe(true);
  await program.end();
  await until(() => !ids.some(isAlive));
  expect(describeExit(await program.ended)).toBe("ended by SIGKILL");
});

test("ends the children of a program that exited on its own", async () => {
  const orphan = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)";
  const parent = `const child = require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(orphan)}], { stdio: "inherit" }); console.log(child.pid); child.unref(); setTimeout(() => process.exit(0), 20)`;
  const { program, output } = await run(parent);
  await program.ended;
  const id = Number(output.stdout);
  expect(isAlive(id)).toBe(true);
  await program.end();
  await until(() => !isAlive(id));
});

test("reports a program that does not exist", async () => {
  const spawn = realSpawn();
  const starting = spawn({ command: "/nowhere/missing-program", args: [], env: {} });
  await expect(starting).rejects.toMatchObject({
    code: "SERVER_UNREACHABLE",
    message: expect.stringContaining("missing-program"),
  });
  const report = await probeProgram("none", { command: "/nowhere/missing-program" });
  expect(report).toMatchObject({ ok: false, result: "inconclusive", grade: null, counts: { fail: 1, untestable: 4 } });
  expect(report.hint).toContain("cannot start /nowhere/missing-program");
});

test("an interrupted run ends at once and leaves no processes behind", async () => {
  const interruption = new AbortController();
  const { signal } = interruption;
  const ids: number[] = [];
  const spawn: Spawn = async (init) => {
    const program = await realSpawn({}, { signal, atEnd })(init);
    return {
      ...program,
      listen: (onText) =>
        program.listen((stream, text) => {
          if (/^\d+\n/.test(text)) ids.push(Number.parseInt(text, 10));
          interruption.abort();
          onText(stream, text);
        }),
    };
  };
  const args = ["-e", "console.log(process.pid); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"];
  const probing = probeProgram("none", { args, spawn, signal, timeoutMs: 30_000 });
  await expect(probing).rejects.toMatchObject({ code: "INTERRUPTED" });
  expect(ids).toHaveLength(1);
  await until(() => !ids.some(isAlive));
  await expect(spawn({ command: NODE, args, env: {} })).rejects.toMatchObject({ code: "INTERRUPTED" });
});

test("passes the key in another variable, and then not in MCP_API_KEY", async () => {
  const args = [PROGRAM, "none", "NOTES_KEY"];
  expect(await probeProgram("none", { args, variable: "NOTES_KEY" })).toMatchObject({
    result: "protected",
    grade: "A+",
  });
  expect(await probeProgram("none", { args })).toMatchObject({ result: "inconclusive" });
});

test("refuses a command that contains the key, without quoting it", async () => {
  const token = TOKEN.reveal();
  const probing = probeProgram("none", { args: [PROGRAM, `--key=${token}`] });
  await expect(probing).rejects.toMatchObject({ code: "USAGE", message: expect.not.stringContaining(token) });
});

function isAlive(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch {
    return false;
  }
}
