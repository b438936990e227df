import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Secret } from "../../../src/core/secret.ts";
import { createKeys } from "../../../src/keys/keys.ts";
import type { Report } from "../../../src/probe/report/report.ts";
import { openFileStore } from "../../../src/stores/file.ts";
import { EXAMPLES } from "../../e2e/example.ts";
import { BIN, createProcesses, runProcess } from "../../e2e/process.ts";
import { until } from "../../server/fixture.ts";
import { caughtIn } from "../servers/probing.ts";
import { probeProgram, realSpawn } from "./probing.ts";

let folder: string;
let script: string;
let key: Secret;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mcp-keys-stdio-"));
  script = join(folder, "server.mjs");
  const entryPoints = [join(import.meta.dirname, "guarded.main.ts")];
  const banner = {
    js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
  };
  await build({ entryPoints, outfile: script, bundle: true, platform: "node", format: "esm", banner });
  const store = await openFileStore(join(folder, "keys.jsonl"), {
    env: {},
    uid: process.getuid?.() ?? null,
    dataDir: null,
  });
  const keys = createKeys({ store, by: "test", peppers: [] });
  ({ token: key } = await keys.generate({ name: "ci", expiresAt: null }));
  await store.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function probeGuarded(sdk: string, guard: string): Promise<Report> {
  const spawn = realSpawn({ MCP_KEYS_STORE: `file:${join(folder, "keys.jsonl")}` });
  return probeProgram("none", { args: [script, sdk, guard], key, spawn });
}

const LEGACY = { era: "legacy", protocolVersion: "2025-11-25" };
const MODERN = { era: "modern", protocolVersion: "2026-07-28" };

test.each([
  ["v1", "answers", LEGACY],
  ["v1", "exits", LEGACY],
  ["v2", "answers", LEGACY],
  ["v2-modern", "exits", MODERN],
])("gives A+ to a server of the official SDK, %s, whose guard %s", async (sdk, guard, era) => {
  const report = await probeGuarded(sdk, guard);
  expect(caughtIn(report)).toEqual([]);
  expect(report).toMatchObject({ ok: true, grade: "A+", counts: { untestable: 0 }, eras: [era] });
});

test.each(["v1", "v2-modern"])("catches a server of the official SDK, %s, without a guard", async (sdk) => {
  const report = await probeGuarded(sdk, "none");
  expect(caughtIn(report)).toEqual(["requires-key", "rejects-wrong-key"]);
  expect(report).toMatchObject({ ok: false, result: "unprotected", grade: "F" });
});

describe("mcp-keys test --stdio", () => {
  test("gives A+ to our example", async () => {
    const { mcpKeys, env } = createProcesses();
    const { stdout: token } = await mcpKeys(["generate", "ci"]);
    const args = ["test", "--stdio", "--json", "--", process.execPath, `${EXAMPLES}stdio/server.js`];
    const { status, stdout } = await mcpKeys(args, { env: { ...env, MCP_API_KEY: token.trim() } });
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, result: "protected", grade: "A+" });
    expect(status).toBe(0);
    expect(stdout).not.toContain(token.slice(-40, -20));
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("ends the program on %s", async (signal, status) => {
    const place = join(folder, `id-${signal}`);
    const stubborn = `require("node:fs").writeFileSync(${JSON.stringify(place)}, String(process.pid) + "."); process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)`;
    const env = { PATH: process.env["PATH"], HOME: folder, MCP_API_KEY: key.reveal() };
    let kill: ((name: NodeJS.Signals) => void) | undefined;
    const running = runProcess(process.execPath, [BIN, "test", "--stdio", "--", process.execPath, "-e", stubborn], {
      env,
      onStderr: (_, send) => (kill = send),
    });
    const read = (): Promise<string> => readFile(place, "utf8").catch(() => "");
    await until(async () => (await read()).endsWith("."));
    const id = Number.parseInt(await read(), 10);
    kill?.(signal);
    expect(await running).toMatchObject({ status, stdout: "" });
    await until(() => !isRunning(id));
  });
});

/** A zombie does not count as running. */
function isRunning(id: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(id)], { encoding: "utf8" });
  return /^[^Z\s]/.test(stdout.trim());
}
