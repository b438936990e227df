import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { reports } from "../../../src/probe/report/index.ts";
import { startServer, type Mistake } from "../../probe/servers/configurable-server.ts";
import { during, TOKEN } from "../../probe/verify/verifying.ts";
import { createCli } from "../fake-world.ts";

const FEW = "--only requires-key,rejects-bogus-key";

async function withServer(mistake: Mistake = {}) {
  const server = await during(startServer([TOKEN.reveal()], mistake));
  const made = createCli({ piped: TOKEN.reveal() });
  mkdirSync(join(made.dir, "out"));
  const path = (name: string): string => join(made.dir, "out", name);
  return { server, path, run: (flags: string) => made.cli(`test ${server.url} ${FEW} ${flags}`) };
}

test("--save writes each format from one test, and stdout keeps its report", async () => {
  const { run, path, server } = await withServer({ isGuarded: ({ headers }) => headers.authorization !== undefined });
  const names = Object.keys(reports);
  writeFileSync(path("report.json"), "an older and much longer report".repeat(1000));
  const { status, stdout } = await run(
    `--json ${names.map((name) => `--save ${name}=${path(`report.${name}`)}`).join(" ")}`,
  );
  expect(status).toBe(8);
  const sent = server.seen.length;
  expect(readFileSync(path("report.json"), "utf8")).toBe(stdout);
  expect(JSON.parse(stdout)).toMatchObject({ result: "unprotected", sent: { requests: sent } });
  for (const name of names) {
    const text = readFileSync(path(`report.${name}`), "utf8");
    expect(text.length, name).toBeGreaterThan(100);
    expect(text).not.toContain(TOKEN.reveal().slice(17, 40));
  }
});

test.each([
  ["no format", "report.json", "write <format>=<file>"],
  ["no file", "json=", "write <format>=<file>"],
  ["an unknown format", "jsn=a", "did you mean json"],
  ["pretty, which is for a terminal", "pretty=a", "choose one of json"],
])("--save is a usage error with %s, before anything is sent", async (_, value, hint) => {
  const { run, server } = await withServer();
  const { status, stderr } = await run(`--save ${value}`);
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(hint) });
  expect(server.seen).toEqual([]);
});

test("--save names a file that cannot be written, before anything is sent", async () => {
  const { run, path, server } = await withServer();
  mkdirSync(path("folder"));
  for (const [file, code] of [
    [path("none/report.json"), "ENOENT"],
    [path("folder"), "EISDIR"],
  ] as const) {
    const { status, stderr } = await run(`--save json=${file} --json`);
    expect(status).toBe(6);
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: "OUTPUT_FAILED", message: `cannot write ${file} (${code})` },
    });
  }
  expect(server.seen).toEqual([]);
});

test.skipIf(!existsSync("/dev/full"))("--save fails if the disk is full, after the report", async () => {
  const { run } = await withServer();
  const { status, stdout, stderr } = await run("--save json=/dev/full");
  expect({ status, stdout }).toEqual({ status: 6, stdout: expect.stringContaining("result") });
  expect(stderr).toContain("cannot write /dev/full (ENOSPC)");
});
