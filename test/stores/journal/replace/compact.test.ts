import { link, readdir, readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { realDisk } from "../../../../src/stores/journal/disk/disk.ts";
import type { Disk } from "../../../../src/stores/journal/disk/disk.ts";
import { crashingDisk } from "../../crashing.ts";
import { read } from "../bytes.ts";
import { aDraft, aFolder, changesOf, failToReplace, keyNo, openIn, filesIn } from "../../place.ts";

const NOW = { at: 1_060, by: "ada@laptop" };

/** Creates a store with two keys, one of which was changed often. */
async function aHistory(folder: string) {
  const store = await openIn(folder);
  await store.write(aDraft([keyNo(1), keyNo(2)]));
  for (let revision = 1; revision <= 10; revision++) {
    await store.write(aDraft([keyNo(1, { revision, note: `change ${revision}` })], { op: "disable" }));
  }
  return store;
}

test("keeps the keys in order and drops the history", async () => {
  const folder = await aFolder();
  const store = await aHistory(folder);
  const before = await store.list();
  const { epoch } = await store.position();
  const result = await store.compact(NOW);
  expect(result).toMatchObject({ seq: 12 });
  expect(result.after).toBeLessThan(result.before);
  expect((await stat(join(folder, "keys.jsonl"))).size).toBe(result.after);
  expect((await stat(join(folder, "keys.jsonl"))).mode & 0o777).toBe(0o600);
  expect(await filesIn(folder)).toEqual(["keys.jsonl"]);
  for (const reader of [store, await openIn(folder)]) {
    expect(await reader.snapshot()).toEqual({ epoch, seq: 12, keys: before });
    expect(await changesOf(reader, 5)).toMatchObject([{ seq: 12, op: "compact", keys: [{ name: "key-1" }, {}] }]);
  }
});

test("continues the seq, and open stores continue in the new file", async () => {
  const folder = await aFolder();
  const store = await aHistory(folder);
  const other = await openIn(folder);
  await other.list();
  await store.compact(NOW);
  await other.write(aDraft([keyNo(3)]));
  await store.compact(NOW);
  await store.compact(NOW);
  expect(await other.write(aDraft([keyNo(4)]))).toMatchObject({ seq: 16 });
  expect((await store.list()).map(({ name }) => name)).toEqual(["key-1", "key-2", "key-3", "key-4"]);
  expect((await changesOf(store, 12)).map(({ seq, op }) => `${seq} ${op}`)).toEqual(["15 compact", "16 generate"]);
});

test("writes many keys as short lines, none of which may be missing", async () => {
  const folder = await aFolder();
  const store = await openIn(folder);
  const path = join(folder, "keys.jsonl");
  await store.write(aDraft(Array.from({ length: 500 }, (_, n) => keyNo(n))));
  await store.compact(NOW);
  const bytes = await readFile(path);
  const lines = bytes.toString().split("\n").slice(1);
  expect(lines.length).toBeGreaterThan(3);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(64 * 1024);
  // The file was complete before it was renamed, so a crash cannot have shortened it.
  for (const length of [bytes.length - 2, bytes.lastIndexOf(10), bytes.indexOf(10, 1)]) {
    expect(read(bytes.subarray(0, length))).toBe("STORE_DAMAGED");
  }
  expect(await (await openIn(folder)).get("key-499")).toMatchObject({ id: keyNo(499).id });
});

test("compacts an empty store, and creates no missing one", async () => {
  const folder = await aFolder();
  const store = await openIn(folder);
  await store.compact(NOW);
  expect(await filesIn(folder)).toEqual([]);
  await store.write(aDraft([]));
  await store.compact(NOW);
  await store.write(aDraft([keyNo(1)]));
  expect(await (await openIn(folder)).list()).toHaveLength(1);
});

test("archives the old file, and does not replace an existing archive", async () => {
  const folder = await aFolder();
  const store = await aHistory(folder);
  const before = await readFile(join(folder, "keys.jsonl"));
  const archive = join(folder, "archive.jsonl");
  await store.compact({ ...NOW, archive });
  expect((await readFile(archive)).subarray(0, before.length)).toEqual(before);
  const kept = await readFile(archive);
  await expect(store.compact({ ...NOW, archive })).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
  expect(await readFile(archive)).toEqual(kept);
  expect((await filesIn(folder)).sort()).toEqual(["archive.jsonl", "keys.jsonl"]);
  await store.write(aDraft([keyNo(3)]));
});

test("accepts an archive that a crash left behind", async () => {
  const folder = await aFolder();
  const store = await aHistory(folder);
  const archive = join(folder, "archive.jsonl");
  await link(join(folder, "keys.jsonl"), archive);
  await store.compact({ ...NOW, archive });
  expect(await store.list()).toHaveLength(2);
});

test("removes the leftovers of earlier compactions once they are useless", async () => {
  const folder = await aFolder();
  const store = await aHistory(folder);
  const stale = join(folder, "keys.jsonl.0123456789ab.next");
  await writeFile(stale, await readFile(join(folder, "keys.jsonl")), { mode: 0o600 });
  const ahead = join(folder, "keys.jsonl.ba9876543210.next");
  await writeFile(ahead, '\n{"v":1,"seq":999,"prev":', { mode: 0o600 });
  await store.compact(NOW);
  expect((await filesIn(folder)).sort()).toEqual(["keys.jsonl", "keys.jsonl.ba9876543210.next"]);
});

test("the new file has its name for good before the seal refers to it", async () => {
  const folder = await aFolder();
  await aHistory(folder);
  const steps: string[] = [];
  const store = await openIn(folder, {
    rename: async (from, to) => {
      await rename(from, to);
      steps.push(String(to).endsWith(".next") ? "name" : "replace");
    },
    open: (async (path: string, flags: number | string, mode: number) => {
      const handle = await realDisk.open(path, flags, mode);
      const { sync, write } = handle;
      handle.sync = async () => {
        steps.push(path === folder ? "flush folder" : path.endsWith(".next") ? "flush file" : "flush journal");
        await sync.call(handle);
      };
      if (path.endsWith("keys.jsonl")) {
        handle.write = ((...args: Parameters<typeof write>) => {
          steps.push("seal");
          return write.apply(handle, args);
        }) as typeof write;
      }
      return handle;
    }) as Disk["open"],
  });
  await store.compact(NOW);
  expect(steps).toEqual(["flush file", "name", "flush folder", "seal", "flush journal", "replace", "flush folder"]);
});

test("starts again if another compaction removed the new file before it was complete", async () => {
  const folder = await aFolder();
  const keys = await (await aHistory(folder)).list();
  let removed = 0;
  const store = await openIn(folder, {
    rename: async (from, to) => {
      if (String(to).endsWith(".next") && removed++ < 2) await unlink(from);
      await rename(from, to);
    },
  });
  await store.compact(NOW);
  expect(removed).toBe(3);
  expect(await (await openIn(folder)).list()).toEqual(keys);
  expect(await filesIn(folder)).toEqual(["keys.jsonl"]);
});

describe("a sealed journal", () => {
  /** Stops a compaction before the rename. */
  async function sealed() {
    const folder = await aFolder();
    await (await aHistory(folder)).list();
    const crashing = await openIn(folder, { rename: failToReplace(new Error("crash")) });
    await crashing.compact(NOW).catch(() => {});
    const names = await filesIn(folder);
    const next = names.find((name) => name.endsWith(".next"))!;
    expect(names.sort()).toEqual(["keys.jsonl", next]);
    return { folder, next: join(folder, next) };
  }

  test("is finished by the next reader or writer, or by many at the same time", async () => {
    for (const act of ["list", "write"] as const) {
      const { folder } = await sealed();
      const stores = await Promise.all(Array.from({ length: 5 }, () => openIn(folder)));
      await Promise.all(
        stores.map((store, n) => (act === "list" ? store.list() : store.write(aDraft([keyNo(10 + n)])))),
      );
      expect(await filesIn(folder)).toEqual(["keys.jsonl"]);
      expect(await stores[0]!.list()).toHaveLength(act === "list" ? 2 : 7);
    }
  });

  test("is damaged if its next file is missing or altered", async () => {
    const missing = await sealed();
    await rename(missing.next, `${missing.next}.moved`);
    await expect((await openIn(missing.folder)).list()).rejects.toMatchObject({ code: "STORE_DAMAGED" });
    await rename(`${missing.next}.moved`, missing.next);
    expect(await (await openIn(missing.folder)).list()).toHaveLength(2);

    const altered = await sealed();
    const bytes = await readFile(altered.next);
    await writeFile(altered.next, bytes.subarray(0, -1));
    await expect((await openIn(altered.folder)).list()).rejects.toMatchObject({ code: "STORE_DAMAGED" });
    await expect((await openIn(altered.folder)).write(aDraft([keyNo(9)]))).rejects.toMatchObject({
      code: "STORE_DAMAGED",
    });
    await unlink(altered.next);
  });

  test("accepts no more records", async () => {
    const { folder, next } = await sealed();
    const old = await readFile(join(folder, "keys.jsonl"));
    const late = await openIn(folder);
    await late.list();
    expect((await readFile(join(folder, "keys.jsonl"))).equals(old)).toBe(false);
    await expect(stat(next)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("crashes", () => {
  test.each(["before", "after"] as const)(
    "%s any step leave every key, and a store that can be written",
    async (when) => {
      let steps = Infinity;
      let crashed = 0;
      for (let n = 1; n <= steps && n < 100; n++) {
        const folder = await aFolder();
        const keys = await (await aHistory(folder)).list();
        const { disk, state } = crashingDisk(n, when);
        const store = await openIn(folder, disk);
        await store.compact({ ...NOW, archive: join(folder, "archive.jsonl") }).then(
          () => (steps = n - 1),
          () => crashed++,
        );
        if (!state.dead) break;
        const after = await openIn(folder);
        expect(await after.list(), `step ${n}`).toEqual(keys);
        await after.write(aDraft([keyNo(3)]));
        await after.compact(NOW);
        expect((await (await openIn(folder)).list()).map(({ name }) => name)).toEqual(["key-1", "key-2", "key-3"]);
        // An empty file may belong to a compaction that is just starting, so it is removed after a day.
        for (const name of await readdir(folder)) {
          if (name.endsWith(".next")) expect((await stat(join(folder, name))).size, `step ${n}`).toBe(0);
        }
      }
      expect(crashed).toBeGreaterThan(6);
    },
  );
});
