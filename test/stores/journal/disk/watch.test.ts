import { appendFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { realDisk } from "../../../../src/stores/journal/disk/disk.ts";
import { watchFile } from "../../../../src/stores/journal/disk/watch.ts";
import { aFolder } from "../../place.ts";

/** Watches a file. `woken` resolves with the next wake-up. */
async function aWatch(path: string, interval: number) {
  const state = { wakes: 0, woken: () => {} };
  const stop = await watchFile(realDisk, path, interval, () => {
    state.wakes++;
    state.woken();
  });
  onTestFinished(stop);
  const after = async (change: () => Promise<unknown>) => {
    const woken = new Promise<void>((resolve) => (state.woken = resolve));
    await change();
    await woken;
  };
  return { state, stop, after };
}

const NEVER = 1_000_000;

test("wakes at once if the file is created, grows or is replaced", async () => {
  const path = join(await aFolder(), "keys.jsonl");
  const { after } = await aWatch(path, NEVER);
  await after(() => writeFile(path, "a"));
  await after(() => appendFile(path, "b"));
  await writeFile(`${path}.next`, "cc");
  await after(() => rename(`${path}.next`, path));
  await after(() => appendFile(path, "d"));
});

test("polls without file system events: for a folder that is created later or replaced", async () => {
  const folder = join(await aFolder(), "later");
  const path = join(folder, "keys.jsonl");
  const { after } = await aWatch(path, 10);
  const create = async () => {
    await mkdir(folder);
    await writeFile(path, "a");
  };
  await after(create);
  await after(() => rm(folder, { recursive: true }));
  await after(create);
  await after(() => appendFile(path, "b"));
});

test("does not wake for other files in the folder", async () => {
  const folder = await aFolder();
  const path = join(folder, "keys.jsonl");
  const { state, after } = await aWatch(path, NEVER);
  for (let i = 0; i < 20; i++) await writeFile(`${path}.used.${i}`, "x");
  // Written in one step, because creating and writing would be two events.
  await after(() => rename(`${path}.used.0`, path));
  expect(state.wakes).toBe(1);
});

test("does not wake after it was stopped, and can be stopped twice", async () => {
  const path = join(await aFolder(), "keys.jsonl");
  const ended = await aWatch(path, 5);
  ended.stop();
  ended.stop();
  const { after } = await aWatch(path, 5);
  await after(() => writeFile(path, "a"));
  expect(ended.state.wakes).toBe(0);
});
