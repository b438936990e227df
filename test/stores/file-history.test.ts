import { appendFile, copyFile, rename, stat, truncate, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { digestToken } from "../../src/core/digest.ts";
import { openFileStore } from "../../src/stores/file.ts";
import { journalOf } from "./journal/bytes.ts";
import { aDraft, aFolder, aWorld, changesOf, keyNo, openIn, filesIn } from "./place.ts";

describe("damage", () => {
  test("is reported with file and line, each time until the file is repaired", async () => {
    const folder = await aFolder();
    const path = join(folder, "keys.jsonl");
    const { bytes } = journalOf(3);
    await writeFile(path, bytes.toString().replace("key-2", "key-X"), { mode: 0o600 });
    const store = await openIn(folder);
    for (let i = 0; i < 2; i++) {
      const fault = { code: "STORE_DAMAGED", message: expect.stringContaining(`line 3 of ${path}`) };
      await expect(store.list()).rejects.toMatchObject(fault);
      await expect(store.get("key-1")).rejects.toMatchObject(fault);
      await expect(store.write(aDraft([keyNo(9)]))).rejects.toMatchObject(fault);
    }
    await writeFile(path, bytes);
    expect(await store.list()).toHaveLength(3);
  });

  test("in new records changes nothing that was read before", async () => {
    const folder = await aFolder();
    const path = join(folder, "keys.jsonl");
    const store = await openIn(folder);
    await writeFile(path, journalOf(2).bytes, { mode: 0o600 });
    expect(await store.list()).toHaveLength(2);
    await appendFile(path, Buffer.concat([journalOf(3).records[2]!, Buffer.from("\n{}\t")]));
    for (let i = 0; i < 2; i++) await expect(store.list()).rejects.toMatchObject({ code: "STORE_DAMAGED" });
    await truncate(path, journalOf(3).bytes.length);
    expect(await store.list()).toHaveLength(3);
  });

  test.each<[string, string, (path: string) => Promise<void>]>([
    ["a shorter file", "STORE_REWOUND", (path) => truncate(path, journalOf(1).bytes.length)],
    ["an older copy", "STORE_REWOUND", (path) => rename(`${path}.old`, path)],
    ["no file", "STORE_DAMAGED", (path) => unlink(path)],
    [
      "another history of the same length",
      "STORE_DAMAGED",
      async (path) => {
        await unlink(path);
        await writeFile(path, journalOf(2, 50).bytes, { mode: 0o600 });
      },
    ],
  ])("notices a history that went back to %s", async (_, code, goBack) => {
    const folder = await aFolder();
    const path = join(folder, "keys.jsonl");
    await writeFile(`${path}.old`, journalOf(1).bytes, { mode: 0o600 });
    await writeFile(path, journalOf(2).bytes, { mode: 0o600 });
    const store = await openIn(folder);
    expect(await store.list()).toHaveLength(2);
    await goBack(path);
    for (let i = 0; i < 2; i++) await expect(store.list()).rejects.toMatchObject({ code });
  });

  test("accepts a copy with the same history and more", async () => {
    const folder = await aFolder();
    const path = join(folder, "keys.jsonl");
    await writeFile(path, journalOf(2).bytes, { mode: 0o600 });
    const store = await openIn(folder);
    expect(await store.list()).toHaveLength(2);
    await writeFile(`${path}.new`, journalOf(3).bytes, { mode: 0o600 });
    await rename(`${path}.new`, path);
    expect(await store.list()).toHaveLength(3);
    await store.write(aDraft([keyNo(4)]));
    expect(await (await openIn(folder)).list()).toHaveLength(4);
  });

  test("a copy is a separate store", async () => {
    const folder = await aFolder();
    await writeFile(join(folder, "keys.jsonl"), journalOf(3).bytes, { mode: 0o600 });
    await copyFile(join(folder, "keys.jsonl"), join(folder, "copy.jsonl"));
    const copy = await openFileStore(join(folder, "copy.jsonl"), aWorld());
    expect(await copy.list()).toHaveLength(3);
    await copy.close();
  });
});

describe("a large journal", () => {
  // Large enough that the first lookups search the bytes.
  const count = 800;
  const large = journalOf(count);

  test("gives the same answers, searched or parsed", async () => {
    const folder = await aFolder();
    await writeFile(join(folder, "keys.jsonl"), large.bytes, { mode: 0o600 });
    const searched = await openIn(folder);
    const parsed = await openIn(folder);
    expect(await parsed.list()).toHaveLength(count);
    for (const n of [1, 2, 400, count, count + 1]) {
      const { id, name } = keyNo(n);
      expect(await searched.get(id)).toEqual(await parsed.get(id));
      expect(await searched.get(name)).toEqual(await parsed.get(name));
      expect(await searched.find(digestToken(`token ${n}`))).toEqual(await parsed.find(digestToken(`token ${n}`)));
    }
  });

  test("a search finds the latest state of a key and its new name, and no similar text", async () => {
    const folder = await aFolder();
    await writeFile(join(folder, "keys.jsonl"), large.bytes, { mode: 0o600 });
    const tricky = { id: keyNo(5).id, name: "key-6", digest: digestToken("token 7") };
    const writer = await openIn(folder);
    await writer.write(aDraft([keyNo(5, { revision: 1, name: "renamed", tags: tricky })]));
    await writer.write(aDraft([keyNo(900, { tags: tricky, note: `{"id":"${keyNo(5).id}","name":"x"}` })]));
    // A void record and a partial one. Neither may be found.
    await appendFile(join(folder, "keys.jsonl"), journalOf(1, 950).bytes);
    await appendFile(join(folder, "keys.jsonl"), journalOf(1, 960).bytes.subarray(0, 400));
    const store = await openIn(folder);
    expect(await store.get(keyNo(5).id)).toMatchObject({ name: "renamed", revision: 2 });
    expect(await store.get("renamed")).toMatchObject({ id: keyNo(5).id });
    expect(await store.get("key-5")).toBeNull();
    expect(await store.get("key-6")).toMatchObject({ id: keyNo(6).id });
    expect(await store.find(tricky.digest)).toMatchObject({ key: { name: "key-7" } });
    expect(await store.get("key-950")).toBeNull();
    expect(await store.get("key-960")).toBeNull();
    expect(await store.find(digestToken("token 950"))).toBeNull();
    await expect(store.write(aDraft([keyNo(901, { name: "key-6" })]))).rejects.toMatchObject({ code: "NAME_TAKEN" });
    expect(await store.list()).toHaveLength(count + 1);
  });

  test("finds a key after it was written, even if an earlier lookup failed", async () => {
    const folder = await aFolder();
    await writeFile(join(folder, "keys.jsonl"), large.bytes, { mode: 0o600 });
    const store = await openIn(folder);
    const key = keyNo(901, { name: "late" });
    for (let i = 0; i < 2; i++) {
      expect([await store.get("late"), await store.get(key.id), await store.find(digestToken("token 901"))]).toEqual([
        null,
        null,
        null,
      ]);
    }
    await (await openIn(folder)).write(aDraft([key]));
    const found = { ...key, revision: 1 };
    expect(await store.find(digestToken("token 901"))).toMatchObject({ key: found });
    expect([await store.get("late"), await store.get(key.id)]).toEqual([found, found]);
  });

  test("reads a line that is much longer than a chunk", async () => {
    const folder = await aFolder();
    const store = await openIn(folder);
    await store.write(aDraft([keyNo(1)]));
    await store.write(aDraft([keyNo(2, { note: "n".repeat(9_000_000) })]));
    await store.write(aDraft([keyNo(3)]));
    expect((await (await openIn(folder)).list()).map(({ name }) => name)).toEqual(["key-1", "key-2", "key-3"]);
    expect((await changesOf(await openIn(folder), 2)).map(({ seq }) => seq)).toEqual([3]);
  });

  test("a write adds one line of at most a kilobyte", async () => {
    const folder = await aFolder();
    const path = join(folder, "keys.jsonl");
    await writeFile(path, large.bytes, { mode: 0o600 });
    const store = await openIn(folder);
    await store.write(aDraft([keyNo(900)]));
    expect((await stat(path)).size - large.bytes.length).toBeLessThan(1_000);
    expect(await filesIn(folder)).toEqual(["keys.jsonl"]);
  });
});
