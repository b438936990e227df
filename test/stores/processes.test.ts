import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { aDraft, aFolder, changesOf, keyNo, openIn, TORTURE } from "./place.ts";

let built = "";

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), "mcp-keys-writer-"));
  await build({
    entryPoints: [join(import.meta.dirname, "writer.ts")],
    bundle: true,
    outfile: join(built, "writer.mjs"),
    platform: "node",
    format: "esm",
    target: "node20.17",
  });
});

afterAll(() => rm(built, { recursive: true, force: true }));

/** Starts a writer and waits until it has opened the store. With `checkpoints` it writes one at every opening. */
async function startWriter(path: string, name: string, count: number, compactEvery = 0, checkpoints = false) {
  const args = [
    join(built, "writer.mjs"),
    path,
    name,
    String(count),
    String(compactEvery),
    ...(checkpoints ? ["1"] : []),
  ];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdin.on("error", () => {});
  const lines = createInterface(child.stdout);
  const acknowledged: string[] = [];
  let ready = () => {};
  const isReady = new Promise<void>((resolve) => (ready = resolve));
  lines.on("line", (line) => {
    if (line === "ready") ready();
    else acknowledged.push(line);
    child.emit("progress");
  });
  const acknowledges = async (least: number): Promise<void> => {
    while (acknowledged.length < least) await once(child, "progress");
  };
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  await isReady;
  return { acknowledged, acknowledges, ended, go: () => child.stdin.write("go\n"), kill: () => child.kill("SIGKILL") };
}

test("50 concurrent processes lose no write", async () => {
  const folder = await aFolder();
  const path = join(folder, "keys.jsonl");
  const each = TORTURE ? 20 : 2;
  const writers = await Promise.all(Array.from({ length: 50 }, (_, n) => startWriter(path, `w${n}`, each)));
  for (const { go } of writers) go();
  expect(new Set(await Promise.all(writers.map(({ ended }) => ended)))).toEqual(new Set([0]));
  const store = await openIn(folder);
  const names = (await store.list()).map(({ name }) => name).sort();
  expect(names).toEqual(writers.flatMap(({ acknowledged }) => acknowledged).sort());
  expect(names).toHaveLength(50 * each);
  expect((await changesOf(store)).map(({ seq }) => seq)).toEqual(names.map((_, i) => i + 1));
}, 120_000);

test("concurrent writers and compactions lose no write, with and without checkpoints", async () => {
  const folder = await aFolder();
  const path = join(folder, "keys.jsonl");
  const writers = await Promise.all(
    [0, 1, 2, 3].map((n) => startWriter(path, `w${n}`, TORTURE ? 300 : 30, n < 2 ? 3 : 0, n % 2 === 0)),
  );
  const watching = await openIn(folder);
  for (const { go } of writers) go();
  const state = { running: true };
  const allEnded = Promise.all(writers.map(({ ended }) => ended)).finally(() => (state.running = false));
  // A reader that polls all the time never sees a key disappear.
  let before = 0;
  for (let looks = 0; state.running && looks < 100_000; looks++) {
    const { length } = await watching.list();
    expect(length).toBeGreaterThanOrEqual(before);
    before = length;
  }
  expect(new Set(await allEnded)).toEqual(new Set([0]));
  const names = (await watching.list()).map(({ name }) => name).sort();
  expect(names).toEqual(writers.flatMap(({ acknowledged }) => acknowledged).sort());
  expect((await readdir(folder)).filter((name) => name.endsWith(".next"))).toEqual([]);
}, 120_000);

describe("a writer that is killed at any moment", () => {
  test("leaves a store that opens and has every acknowledged key", async () => {
    const folder = await aFolder();
    const path = join(folder, "keys.jsonl");
    const acknowledged: string[] = [];
    const kills = TORTURE ? 1_000 : 30;
    const killOne = async (n: number) => {
      const writer = await startWriter(path, `w${n}`, 1_000_000, n % 3 === 0 ? 2 : 0, n % 2 === 0);
      writer.go();
      await writer.acknowledges(1 + Math.floor(Math.random() * 5));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
      writer.kill();
      await writer.ended;
      acknowledged.push(...writer.acknowledged);
    };
    for (let n = 0; n < kills; n += 3) await Promise.all([n, n + 1, n + 2].map(killOne));
    const store = await openIn(folder);
    const names = new Set((await store.list()).map(({ name }) => name));
    expect(acknowledged.filter((name) => !names.has(name))).toEqual([]);
    // At most one unacknowledged key of each writer may be there.
    expect(names.size - acknowledged.length).toBeLessThanOrEqual(kills);
    expect(acknowledged.length).toBeGreaterThanOrEqual(kills);
    expect(await (await openIn(folder, {}, 1)).snapshot()).toEqual(await store.snapshot());
    await store.write(aDraft([keyNo(1)]));
    expect(await store.get("key-1")).not.toBeNull();
    expect((await readFile(path)).length).toBeGreaterThan(0);
  }, 600_000);
});
