import { execFileSync } from "node:child_process";
import { expect, onTestFinished, test } from "vitest";
import { Secret } from "../../../src/core/secret.ts";
import { describeExit } from "../../../src/probe/stdio/lines.ts";
import type { ProgramInit, Spawn } from "../../../src/probe/stdio/spawn.ts";
import { until } from "../../server/fixture.ts";
import { TOKEN } from "../verify/verifying.ts";
import { PROGRAM, probeProgram, realSpawn } from "./probing.ts";

const NODE = process.execPath;
const atEnd = (tidy: () => Promise<void>): void => onTestFinished(tidy);

/** Starts a script and keeps what it prints. */
async function run(script: string, more: Partial<ProgramInit> = {}, spawn: Spawn = realSpawn({}, { atEnd })) {
  const program = await spawn({ command: NODE, args: ["-e", script], env: {}, ...more });
  const said = { stdout: "", stderr: "" };
  program.listen((stream, text) => (said[stream] += text));
  return { program, said };
}

test("a program finds our environment, with what is to be other in it", async () => {
  const spawn = realSpawn({ KEPT: "kept", MCP_API_KEY: "ours", OTHER: "other" }, { atEnd });
  const env = { MCP_API_KEY: null, OTHER: new Secret("mine"), EMPTY: new Secret("") };
  const script =
    "const { KEPT, MCP_API_KEY, OTHER, EMPTY } = process.env; console.log(KEPT, MCP_API_KEY, OTHER, [EMPTY])";
  const { program, said } = await run(script, { env }, spawn);
  expect(await program.ended).toEqual({ code: 0, signal: null });
  expect(said).toEqual({ stdout: "kept undefined mine [ '' ]\n", stderr: "" });
});

test("a key is in no list of processes", async () => {
  const script = "console.log(process.pid); process.stdin.resume()";
  const { program, said } = await run(script, { env: { MCP_API_KEY: TOKEN } });
  await until(() => said.stdout.endsWith("\n"));
  const command = execFileSync("ps", ["-o", "args=", "-p", said.stdout.trim()], { encoding: "utf8" });
  expect(command).toContain("resume");
  expect(command).not.toContain(TOKEN.reveal());
  await program.end();
});

test("lines go in and come out whole, also when they come in pieces of a character", async () => {
  const echo = "process.stdin.on('data', (chunk) => process.stdout.write(chunk)).on('end', () => process.exit(3))";
  const { program, said } = await run(echo);
  program.write("ünï");
  program.write("cödé 🔑");
  await until(() => said.stdout === "ünï\ncödé 🔑\n");
  await program.end();
  expect(describeExit(await program.ended)).toBe("exit status 3");
});

test("who writes to a program that is gone writes into nothing", async () => {
  const { program } = await run("process.exit(4)");
  expect(await program.ended).toMatchObject({ code: 4 });
  for (let i = 0; i < 10; i++) program.write("x".repeat(100_000));
  await program.end();
  await program.end();
});

test("a program that heeds neither the end of its input nor SIGTERM is ended, with what it started", async () => {
  const stubborn = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log(process.pid);";
  const parent = `const child = require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(stubborn)}], { stdio: ["ignore", "inherit", "inherit"] }); ${stubborn}`;
  const { program, said } = await run(parent);
  await until(() => said.stdout.trim().split("\n").length === 2);
  const ids = said.stdout.trim().split("\n").map(Number);
  expect(ids.every(isAlive)).toBe(true);
  await program.end();
  await until(() => !ids.some(isAlive));
  expect(describeExit(await program.ended)).toBe("ended by SIGKILL");
});

test("what a program left behind is ended, also when it went by itself", async () => {
  const orphan = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)";
  const parent = `const child = require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(orphan)}], { stdio: "inherit" }); console.log(child.pid); child.unref(); setTimeout(() => process.exit(0), 20)`;
  const { program, said } = await run(parent);
  await program.ended;
  const id = Number(said.stdout);
  expect(isAlive(id)).toBe(true);
  await program.end();
  await until(() => !isAlive(id));
});

test("a program that does not exist is said to be that", async () => {
  const spawn = realSpawn();
  const starting = spawn({ command: "/nowhere/such-program", args: [], env: {} });
  await expect(starting).rejects.toMatchObject({
    code: "SERVER_UNREACHABLE",
    message: expect.stringContaining("such"),
  });
  const report = await probeProgram("none", { command: "/nowhere/such-program" });
  expect(report).toMatchObject({ ok: false, result: "unproven", grade: null, counts: { fail: 1, untestable: 4 } });
  expect(report.hint).toContain("cannot start /nowhere/such-program");
});

test("interrupted, it ends at once and leaves nothing behind", async () => {
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

test("another variable may hold the key, and then MCP_API_KEY holds none", async () => {
  const args = [PROGRAM, "none", "NOTES_KEY"];
  expect(await probeProgram("none", { args, variable: "NOTES_KEY" })).toMatchObject({ result: "shut", grade: "A+" });
  expect(await probeProgram("none", { args })).toMatchObject({ result: "unproven" });
});

test("a command that holds the key is not run, and not quoted", async () => {
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
