import { execFileSync } from "node:child_process";
import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  stat,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { FileStore } from "../../../src/stores/file.ts";
import { aDraft, aFolder, keyNo, openIn, filesIn } from "../place.ts";

const { id } = keyNo(1);
const useFiles = async (folder: string) => (await readdir(folder)).filter((name) => name.includes(".used."));
const lastUsed = async (store: FileStore) => (await store.get(id))?.versions[0]?.lastUsedAt;
/** A name that the store could have given to a file. */
const STRAY = "keys.jsonl.used.0123456789abcdef";
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);

async function aStore() {
  const folder = await aFolder();
  const store = await openIn(folder);
  await store.write(aDraft([keyNo(1)]));
  return { folder, store };
}

test("writes nothing without uses, or for uses that are not newer", async () => {
  const { folder, store } = await aStore();
  await store.touch([]);
  expect(await useFiles(folder)).toEqual([]);
  await store.touch([{ id, n: 1, at: 10 }]);
  const [name] = await useFiles(folder);
  const before = await stat(join(folder, name!));
  await store.touch([{ id, n: 1, at: 9 }]);
  expect((await stat(join(folder, name!))).ino).toBe(before.ino);
});

test("each process has its own file, and the latest time counts", async () => {
  const { folder, store } = await aStore();
  const others = await Promise.all([0, 1, 2].map(() => openIn(folder)));
  await Promise.all(others.map((other, i) => other.touch([{ id, n: 1, at: 100 + ((i * 7) % 3) }])));
  expect(await useFiles(folder)).toHaveLength(3);
  expect(await lastUsed(store)).toBe(102);
  await others[0]!.touch([{ id, n: 1, at: 200 }]);
  expect(await lastUsed(store)).toBe(200);
});

test("survives a compaction", async () => {
  const { store } = await aStore();
  await store.touch([{ id, n: 1, at: 10 }]);
  await store.compact({ at: 1, by: "x" });
  expect(await lastUsed(store)).toBe(10);
});

describe("files of other processes", () => {
  test("are taken over after an idle day, and lose no times", async () => {
    const { folder, store } = await aStore();
    const idle = await openIn(folder);
    await idle.touch([{ id, n: 1, at: 500 }]);
    const [name] = await useFiles(folder);
    await utimes(join(folder, name!), daysAgo(2), daysAgo(2));
    const busy = await openIn(folder);
    await busy.touch([{ id: keyNo(2).id, n: 1, at: 7 }]);
    expect(await useFiles(folder)).toHaveLength(1);
    expect(await useFiles(folder)).not.toContain(name);
    expect(await lastUsed(store)).toBe(500);
    // Its process was only idle and writes again.
    await idle.touch([{ id, n: 1, at: 600 }]);
    expect(await useFiles(folder)).toHaveLength(2);
    expect(await lastUsed(await openIn(folder))).toBe(600);
  });

  test.each([253_402_300_800, Number.MAX_SAFE_INTEGER, -1])("count for nothing with the time %d", async (at) => {
    const { folder, store } = await aStore();
    const uses = JSON.stringify({ v: 1, uses: [[id, 1, at]] });
    await writeFile(join(folder, STRAY), uses, { mode: 0o600 });
    expect(await lastUsed(store)).toBeNull();
  });

  test("that a killed process left half-written are removed after an idle day", async () => {
    const { folder } = await aStore();
    const place = async (name: string, days: number) => {
      await writeFile(join(folder, name), "{", { mode: 0o600 });
      await utimes(join(folder, name), daysAgo(days), daysAgo(days));
      return name;
    };
    await place(`${STRAY}.tmp`, 2);
    const recent = await place("keys.jsonl.used.fedcba9876543210.tmp", 0.9);
    await (await openIn(folder)).touch([{ id, n: 1, at: 7 }]);
    expect((await useFiles(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([recent]);
  });

  test("are not taken over earlier, unless there are too many", async () => {
    const { folder, store } = await aStore();
    for (let i = 0; i < 40; i++) {
      const uses = JSON.stringify({ v: 1, uses: [[id, 1, 1_000 + i]] });
      await writeFile(join(folder, `keys.jsonl.used.${i.toString(16).padStart(16, "0")}`), uses, { mode: 0o600 });
    }
    expect(await lastUsed(store)).toBe(1_039);
    await (await openIn(folder)).touch([{ id, n: 1, at: 1 }]);
    expect(await useFiles(folder)).toHaveLength(1);
    expect(await lastUsed(await openIn(folder))).toBe(1_039);
  });

  test.each(["", "{", "[]", "null", '{"uses":7}', '{"uses":[[1,2,3],["x"],null]}'])(
    "that contain %o are ignored",
    async (text) => {
      const { folder, store } = await aStore();
      await writeFile(join(folder, STRAY), text, { mode: 0o600 });
      expect(await lastUsed(store)).toBeNull();
      await store.touch([{ id, n: 1, at: 10 }]);
      expect(await lastUsed(store)).toBe(10);
    },
  );

  test("that others can read count, and those that others can write do not, because they may be forged", async () => {
    const { folder, store } = await aStore();
    await store.touch([{ id, n: 1, at: 10 }]);
    const path = join(folder, (await useFiles(folder))[0]!);
    await chmod(path, 0o644);
    expect(await lastUsed(await openIn(folder))).toBe(10);
    for (const mode of [0o620, 0o602, 0o666]) {
      await chmod(path, mode);
      expect(await lastUsed(await openIn(folder))).toBeNull();
    }
  });

  const uses = JSON.stringify({ v: 1, uses: [[id, 1, 9_999]] });
  const isRoot = process.getuid?.() === 0;
  test.each<[string, (path: string) => Promise<unknown>]>([
    ["a folder", (path) => mkdir(path)],
    [
      "a link",
      async (path) => (await writeFile(`${path}.target`, uses, { mode: 0o600 }), symlink(`${path}.target`, path)),
    ],
    ["a dangling link", (path) => symlink("nowhere", path)],
    ["a named pipe", async (path) => execFileSync("mkfifo", ["-m", "600", path])],
    ["a huge file", async (path) => (await writeFile(path, uses, { mode: 0o600 }), truncate(path, 2 ** 33))],
    ["a file with another name", (path) => writeFile(path.replace("0123", "x123"), uses, { mode: 0o600 })],
    // Only root can create a file of another user. The others create one that they cannot read.
    [
      "a file of another user, or an unreadable one",
      async (path) => (
        await writeFile(path, uses, { mode: 0o600 }),
        isRoot ? chown(path, 12_345, 12_345) : chmod(path, 0)
      ),
    ],
  ])("never stop the store: it ignores %s", async (_, create) => {
    const { folder, store } = await aStore();
    await create(join(folder, STRAY));
    const other = await openIn(folder);
    expect(await lastUsed(store)).toBeNull();
    await other.touch([{ id, n: 1, at: 10 }]);
    expect(await lastUsed(other)).toBe(10);
    await other.write(aDraft([keyNo(2)]));
    await other.compact({ at: 1, by: "x" });
    expect(await other.list()).toHaveLength(2);
    await other.remove({ at: 1, by: "x", seq: 3, detail: "to file:/new" });
    expect(await filesIn(folder)).not.toContain("keys.jsonl");
  });
});

test("contains no names and no digests", async () => {
  const { folder, store } = await aStore();
  await store.touch([{ id, n: 1, at: 10 }]);
  expect(await readFile(join(folder, (await useFiles(folder))[0]!), "utf8")).toBe(`{"v":1,"uses":[["${id}",1,10]]}\n`);
});

test("reports a full disk and leaves no partial file", async () => {
  const { folder } = await aStore();
  const full = () => Promise.reject(Object.assign(new Error(), { code: "ENOSPC" }));
  const store = await openIn(folder, { rename: full });
  await expect(store.touch([{ id, n: 1, at: 10 }])).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  expect(await filesIn(folder)).toEqual(["keys.jsonl"]);
});

describe("server names", () => {
  test("a file without them still counts", async () => {
    const { folder, store } = await aStore();
    await writeFile(join(folder, STRAY), `{"v":1,"uses":[["${id}",1,70]]}\n`, { mode: 0o600 });
    expect((await store.usage()).uses).toEqual([{ id, n: 1, at: 70, server: "unnamed" }]);
    expect(await lastUsed(store)).toBe(70);
  });

  test("malformed names, reports and times are ignored, and the rest counts", async () => {
    const { folder, store } = await aStore();
    const servers = { "web-1": [[id, 1, 5], "x"], "-x": [[id, 1, 99]], "a b": [[id, 1, 99]], "web-2": {} };
    const reports = [["edge-1", 8], ["edge 2", 8], ["edge-3", -1], 7, []];
    const text = JSON.stringify({ v: 1, uses: null, servers, reports, published: "now" });
    await writeFile(join(folder, STRAY), text, { mode: 0o600 });
    expect(await store.usage()).toEqual({
      uses: [{ id, n: 1, at: 5, server: "web-1" }],
      reports: [{ server: "edge-1", at: 8 }],
      publishedAt: null,
    });
  });

  test("are taken over with the file of an idle process", async () => {
    const { folder, store } = await aStore();
    const idle = await openIn(folder);
    const news = { reports: [{ server: "edge-1", at: 9 }], publishedAt: 4 };
    await idle.touch([{ id, n: 1, at: 500, server: "web-1" }], news);
    const [name] = await useFiles(folder);
    await utimes(join(folder, name!), daysAgo(2), daysAgo(2));
    await (await openIn(folder)).touch([{ id, n: 1, at: 7, server: "web-2" }]);
    expect(await useFiles(folder)).toHaveLength(1);
    expect(await store.usage()).toMatchObject({
      uses: expect.arrayContaining([{ id, n: 1, at: 500, server: "web-1" }]),
      ...news,
    });
  });
});

test("a process whose file was taken over or removed does not bring its old times back", async () => {
  const { folder, store } = await aStore();
  const ahead = await openIn(folder);
  await ahead.touch([{ id, n: 1, at: 9_999_999, server: "web-1" }]);
  expect(await lastUsed(store)).toBe(9_999_999);
  for (const name of await useFiles(folder)) await unlink(join(folder, name));
  expect(await lastUsed(store)).toBeNull();
  await ahead.touch([{ id, n: 1, at: 50, server: "web-1" }]);
  expect(await lastUsed(store)).toBe(50);
});

test("a server that is forgotten while its process runs loses no later use, whatever the order", async () => {
  const { folder, store } = await aStore();
  const server = await openIn(folder);
  for (let round = 1; round <= 20; round++) {
    await server.touch([{ id, n: 1, at: round * 10, server: "web-1" }]);
    await Promise.all([store.forget("web-1"), server.touch([{ id, n: 2, at: round * 10, server: "web-1" }])]);
    // Either order is fine for version 1; version 2 was used in the meantime, or its process records it again.
    await server.touch([{ id, n: 2, at: round * 10 + 1, server: "web-1" }]);
    const { uses } = await store.usage();
    expect(uses).toContainEqual({ id, n: 2, at: round * 10 + 1, server: "web-1" });
  }
});
