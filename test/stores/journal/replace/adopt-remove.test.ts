import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { realDisk } from "../../../../src/stores/journal/disk/disk.ts";
import type { Change } from "../../../../src/stores/store.ts";
import { crashingDisk } from "../../crashing.ts";
import { read } from "../bytes.ts";
import { aDraft, aFolder, changesOf, keyNo, openIn } from "../../place.ts";

const END = { at: 2_000, by: "ada@laptop", detail: "to file:/elsewhere" };
const HISTORY: Change[] = [
  { seq: 1, ...aDraft([{ ...keyNo(1), revision: 1 }]) },
  { seq: 2, ...aDraft([{ ...keyNo(1, { enabled: false }), revision: 2 }], { op: "disable" }) },
];

describe("adopting a history", () => {
  test("leaves one file, and notices if it is cut short", async () => {
    const folder = await aFolder();
    await (await openIn(folder)).adopt(HISTORY);
    expect(await readdir(folder)).toEqual(["keys.jsonl"]);
    const bytes = await readFile(join(folder, "keys.jsonl"));
    for (const length of [bytes.length - 2, bytes.lastIndexOf(10)]) {
      expect(read(bytes.subarray(0, length))).toBe("STORE_DAMAGED");
    }
  });

  test("an open store and a concurrent writer see the whole history at once", async () => {
    const folder = await aFolder();
    const store = await openIn(folder);
    await writeFile(join(folder, "keys.jsonl"), "", { mode: 0o600 });
    const other = await openIn(folder);
    expect(await other.list()).toEqual([]);
    await store.adopt(HISTORY);
    expect(await changesOf(other)).toEqual(HISTORY);
    await other.write(aDraft([keyNo(2)]));
    expect(await store.list()).toHaveLength(2);
  });

  test("one of two concurrent calls fails with a conflict", async () => {
    const folder = await aFolder();
    const stores = [await openIn(folder), await openIn(folder), await openIn(folder)];
    const results = await Promise.allSettled(stores.map((store) => store.adopt(HISTORY)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "STORE_CONFLICT" });
    }
    expect(await changesOf(stores[2]!)).toEqual(HISTORY);
  });

  test.each(["before", "after"] as const)("after a crash %s any step, has adopted all or nothing", async (when) => {
    let crashed = 0;
    for (let n = 1; n < 50; n++) {
      const folder = await aFolder();
      const { disk, state } = crashingDisk(n, when);
      await (await openIn(folder, disk)).adopt(HISTORY).catch(() => crashed++);
      if (!state.dead) break;
      const after = await openIn(folder);
      const seen = await changesOf(after);
      if (seen.length === 0) await after.adopt(HISTORY);
      else expect(seen, `step ${n}`).toEqual(HISTORY);
      expect(await changesOf(await openIn(folder))).toEqual(HISTORY);
    }
    expect(crashed).toBeGreaterThan(5);
  });
});

describe("removing a journal", () => {
  async function aStore(disk = {}) {
    const folder = await aFolder();
    const store = await openIn(folder);
    await store.adopt(HISTORY);
    await store.touch([{ id: keyNo(1).id, n: 1, at: 500 }]);
    await writeFile(join(folder, "keys.jsonl.checkpoint"), "{}", { mode: 0o600 });
    await writeFile(join(folder, "keys.jsonl.old"), "an archive", { mode: 0o600 });
    return { folder, store: await openIn(folder, disk) };
  }

  test("deletes its sidecars and nothing else", async () => {
    const { folder, store } = await aStore();
    await store.remove({ ...END, seq: 2 });
    expect(await readdir(folder)).toEqual(["keys.jsonl.old"]);
  });

  test("refuses writes once it has begun, and names the new store to readers", async () => {
    const { folder, store } = await aStore({ unlink: () => Promise.reject(new Error("crash")) });
    const writer = await openIn(folder);
    await writer.list();
    await expect(store.remove({ ...END, seq: 2 })).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    for (const late of [writer, await openIn(folder)]) {
      expect(await changesOf(late, 2)).toMatchObject([{ seq: 3, op: "migrate", detail: END.detail, keys: [] }]);
      expect(await late.list()).toHaveLength(1);
      await expect(late.write(aDraft([keyNo(2)]))).rejects.toMatchObject({ code: "STORE_READ_ONLY" });
      await expect(late.compact(END)).rejects.toMatchObject({ code: "STORE_READ_ONLY" });
      await expect(late.adopt(HISTORY)).rejects.toMatchObject({ code: "STORE_READ_ONLY" });
    }
  });

  test("tells readers that it has ended, even if there is a new journal by then", async () => {
    const { folder, store } = await aStore();
    const [reader, late] = [await openIn(folder), await openIn(folder)];
    await reader.list();
    await late.list();
    await store.remove({ ...END, seq: 2 });
    await expect(reader.list()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", message: /ended/ });
    await expect(reader.write(aDraft([keyNo(2)]))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await (await openIn(folder)).write(aDraft([keyNo(9)]));
    await expect(late.list()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", message: /ended/ });
  });

  test("keeps the journal if a change comes at the last moment", async () => {
    const folder = await aFolder();
    await (await openIn(folder)).adopt(HISTORY);
    const other = await openIn(folder);
    let once = true;
    const store = await openIn(folder, {
      open: async (...args: Parameters<typeof realDisk.open>) => {
        const appends = args[0].toString().endsWith("keys.jsonl") && Number(args[1]) & 1;
        if (appends && once) {
          once = false;
          await other.write(aDraft([keyNo(2)]));
        }
        return realDisk.open(...args);
      },
    });
    await expect(store.remove({ ...END, seq: 2 })).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    expect(await other.list()).toHaveLength(2);
    await other.write(aDraft([keyNo(3)]));
  });

  test.each(["before", "after"] as const)("after a crash %s any step, the same call finishes", async (when) => {
    let crashed = 0;
    for (let n = 1; n < 50; n++) {
      const { disk, state } = crashingDisk(n, when);
      const { folder, store } = await aStore(disk);
      await store.remove({ ...END, seq: 2 }).catch(() => crashed++);
      if (!state.dead) break;
      const after = await openIn(folder);
      const { seq, keys } = await after.snapshot();
      expect(keys, `step ${n}`).toHaveLength(seq === 0 ? 0 : 1);
      await after.remove({ ...END, seq });
      expect(await readdir(folder)).toEqual(["keys.jsonl.old"]);
    }
    expect(crashed).toBeGreaterThan(4);
  });
});
