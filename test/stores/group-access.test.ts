import { chmod, mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { openStore } from "../../src/stores/index.ts";
import { formatFileLocation, groupOf, parseFileLocation } from "../../src/stores/location.ts";
import { aDraft, aFolder, aWorld, keyNo } from "./place.ts";

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

async function open(spec: string, uid = process.getuid?.() ?? null) {
  const store = await openStore(spec, { ...aWorld(), uid });
  onTestFinished(() => store.close());
  return store;
}

/** A folder with a journal of one key. */
async function aGroupStore(mode: number, folderMode: number) {
  const folder = join(await aFolder(), "data");
  await mkdir(folder, { mode: 0o700 });
  const path = join(folder, "keys.jsonl");
  const store = await open(`file:${path}`);
  await store.write(aDraft([keyNo(1)]));
  await chmod(path, mode);
  await chmod(folder, folderMode);
  return { folder, path };
}

describe.skipIf(process.getuid?.() === undefined)("a journal whose group has access", () => {
  test.each([
    ["read", 0o640, 0o750],
    ["read", 0o440, 0o2750],
    ["write", 0o660, 0o2770],
    ["write", 0o640, 0o770],
  ])("opens with ?group=%s: file %o, folder %o", async (group, mode, folderMode) => {
    const { path } = await aGroupStore(mode, folderMode);
    const store = await open(`file:${path}?group=${group}`);
    expect(store).toMatchObject({ path, spec: `file:${path}?group=${group}` });
    expect(await store.list()).toHaveLength(1);
    // A server that runs as another user of the group follows it.
    expect(await (await open(`file:${path}?group=${group}`, 12_345)).list()).toHaveLength(1);
    await expect((await open(`file:${path}`)).list()).rejects.toMatchObject({ code: "STORE_INSECURE" });
  });

  test.each([
    ["read", 0o660, 0o750],
    ["read", 0o640, 0o770],
    ["read", 0o644, 0o750],
    ["write", 0o664, 0o770],
    ["write", 0o660, 0o777],
    ["write", 0o666, 0o770],
  ])("rejects more than ?group=%s allows: file %o, folder %o", async (group, mode, folderMode) => {
    const { path } = await aGroupStore(mode, folderMode);
    const store = await open(`file:${path}?group=${group}`);
    await expect(store.list()).rejects.toMatchObject({ code: "STORE_INSECURE" });
    await expect(store.write(aDraft([keyNo(2)]))).rejects.toMatchObject({ code: "STORE_INSECURE" });
  });

  test.each([
    ["read", 0o640],
    ["write", 0o660],
  ])("?group=%s creates every file with mode %o", async (group, mode) => {
    const folder = await aFolder();
    await chmod(folder, 0o750);
    const store = await open(`file:${join(folder, "keys.jsonl")}?group=${group}`);
    await store.write(aDraft([keyNo(1)]));
    await store.touch([{ id: keyNo(1).id, n: 1, at: 5 }]);
    await store.compact?.({ at: 1, by: "x" });
    const names = await readdir(folder);
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) expect(await modeOf(join(folder, name))).toBe(mode);
  });

  test("the error for a volume of a group names the option's documentation, and no change of the volume", async () => {
    const { path } = await aGroupStore(0o600, 0o2770);
    await expect((await open(`file:${path}`)).list()).rejects.toMatchObject({
      code: "STORE_INSECURE",
      hint: expect.stringMatching(/^(?!.*chmod).*group=read/),
    });
  });
});

test("a location is read back as it is written", () => {
  for (const location of ["/a/b.jsonl", "/a b/c%3F.jsonl", "/a/b?group=read", "/a/b?group=write"])
    expect(formatFileLocation(parseFileLocation(location, {}))).toBe(location);
  expect(groupOf("file:/a?group=read")).toBe("read");
  expect(groupOf("file:/a")).toBeUndefined();
  expect(groupOf("memory:?group=read")).toBeUndefined();
});

test.each([
  "/a?",
  "/a?group",
  "/a?group=",
  "/a?group=all",
  "/a?group=read&group=write",
  "/a?group=read&x=1",
  "/a?mode=read",
  "/what?.jsonl",
  "?group=read",
])("rejects %s, because a ? starts the options of a store", async (location) => {
  await expect(openStore(`file:${location}`, aWorld())).rejects.toMatchObject({ code: "USAGE" });
  await expect(openStore(`archive:${location}`, aWorld())).rejects.toMatchObject({ code: "USAGE" });
});
