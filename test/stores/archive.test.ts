import { chmod, copyFile, link, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { digestToken } from "../../src/core/digest.ts";
import { openArchiveStore } from "../../src/stores/archive.ts";
import { realDisk } from "../../src/stores/journal/disk/disk.ts";
import type { Disk } from "../../src/stores/journal/disk/disk.ts";
import { journalOf } from "./journal/bytes.ts";
import { aDraft, aFolder, aWorld, changesOf, failToReplace, keyNo, openIn, filesIn } from "./place.ts";

const NOW = { at: 1_060, by: "ada@laptop" };

async function openArchive(path: string) {
  const store = await openArchiveStore(path, aWorld(null, { HOME: "/home/ada" }));
  onTestFinished(() => store.close());
  return store;
}

/** Creates a store with 303 changes, archives them to `old.jsonl` and adds another change. */
async function archived() {
  const folder = await aFolder();
  const store = await openIn(folder);
  await writeFile(join(folder, "keys.jsonl"), journalOf(300).bytes, { mode: 0o600 });
  for (const revision of [1, 2, 3]) await store.write(aDraft([keyNo(7, { revision, name: `name-${revision}` })]));
  const before = { ...(await store.snapshot()), changes: await changesOf(store) };
  const old = join(folder, "old.jsonl");
  await store.compact({ ...NOW, archive: old });
  await store.write(aDraft([keyNo(8, { revision: 1, enabled: false })], { op: "disable" }));
  return { folder, store, old, before };
}

test("an archive has the keys and history from before the compaction, and the store continues", async () => {
  const { old, store, before } = await archived();
  const archive = await openArchive(old);
  expect(archive.spec).toBe(`archive:${old}`);
  expect({ ...(await archive.snapshot()), changes: await changesOf(archive) }).toEqual(before);
  expect(before.changes).toHaveLength(303);
  expect((await changesOf(archive, 300)).map(({ seq }) => seq)).toEqual([301, 302, 303]);
  expect(await archive.list()).toEqual(before.keys);
  expect(await archive.get("name-3")).toMatchObject({ id: keyNo(7).id, revision: 4 });
  expect(await archive.get(keyNo(8).id)).toMatchObject({ enabled: true });
  expect(await archive.find(digestToken("token 9"))).toMatchObject({ key: { name: "key-9" } });
  expect(await store.get(keyNo(8).id)).toMatchObject({ enabled: false });
  // Together they have the whole history, without overlap.
  expect((await changesOf(store))[0]!.seq).toBeGreaterThan(before.seq);
});

test("a second archive continues after the last change of the first", async () => {
  const { folder, store } = await archived();
  await store.compact({ ...NOW, archive: join(folder, "old-2.jsonl") });
  const second = await changesOf(await openArchive(join(folder, "old-2.jsonl")));
  expect(new Set(second.map(({ op }) => op))).toEqual(new Set(["compact", "disable"]));
  expect(second[0]!.seq).toBe(304);
  expect(second.at(-1)!.op).toBe("disable");
});

test("reading an archive changes no files", async () => {
  const { folder, old } = await archived();
  const files = (await filesIn(folder)).sort();
  const bytes = await readFile(old);
  const archive = await openArchive(old);
  await archive.list();
  await expect(archive.write(aDraft([keyNo(1)]))).rejects.toMatchObject({ code: "STORE_READ_ONLY" });
  await expect(archive.touch([{ id: keyNo(1).id, n: 1, at: 5 }])).rejects.toMatchObject({ code: "STORE_READ_ONLY" });
  expect((await filesIn(folder)).sort()).toEqual(files);
  expect((await readFile(old)).equals(bytes)).toBe(true);
  expect(archive.compact).toBeUndefined();
});

test("reads a journal that crashed between seal and rename without finishing the compaction", async () => {
  const folder = await aFolder();
  await (await openIn(folder)).write(aDraft([keyNo(1)]));
  const crashing = await openIn(folder, { rename: failToReplace(new Error("crash")) });
  await crashing.compact(NOW).catch(() => {});
  const files = await filesIn(folder);
  expect(await (await openArchive(join(folder, "keys.jsonl"))).list()).toHaveLength(1);
  expect(await filesIn(folder)).toEqual(files);
});

test("rejects a store opened as an archive and vice versa, and the hint names the right spec", async () => {
  const { folder, old } = await archived();
  const path = join(folder, "keys.jsonl");
  await expect((await openArchive(path)).list()).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    hint: `open it as a store: --store file:${path}`,
  });
  await rename(old, path);
  const store = await openIn(folder);
  for (const act of [() => store.list(), () => store.write(aDraft([keyNo(1)]))]) {
    await expect(act()).rejects.toMatchObject({
      code: "STORE_DAMAGED",
      hint: expect.stringContaining(`--store archive:${path}`),
    });
  }
});

test("a missing archive is an error, not an empty store", async () => {
  const folder = await aFolder();
  for (const path of [join(folder, "old.jsonl"), join(folder, "no", "old.jsonl")]) {
    await expect((await openArchive(path)).list()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  }
  await expect(openArchive("")).rejects.toMatchObject({ code: "USAGE" });
  expect((await openArchive("~/old.jsonl")).spec).toBe("archive:/home/ada/old.jsonl");
});

test("rejects an archive that others can read or replace, or a link to one", async () => {
  const { folder, old } = await archived();
  const refused = async (path: string) => {
    await expect((await openArchive(path)).list()).rejects.toMatchObject({ code: "STORE_INSECURE" });
  };
  await symlink(old, join(folder, "link.jsonl"));
  await refused(join(folder, "link.jsonl"));
  await chmod(old, 0o640);
  await refused(old);
  await chmod(old, 0o600);
  await chmod(folder, 0o777);
  await refused(old);
  await chmod(folder, 0o700);
  expect(await (await openArchive(old)).list()).toHaveLength(300);
});

test("reports an altered archive as damaged, with the line number", async () => {
  const { old } = await archived();
  const text = await readFile(old, "latin1");
  const archive = await openArchive(old);
  await archive.list();
  await writeFile(old, text.replace("name-2", "name-X"));
  await expect((await openArchive(old)).list()).rejects.toMatchObject({
    code: "STORE_DAMAGED",
    message: expect.stringContaining("line 303 of"),
  });
  // Altered while it is open.
  await expect(changesOf(archive)).rejects.toMatchObject({ code: "STORE_DAMAGED" });
});

test("rejects calls after it was closed", async () => {
  const { old } = await archived();
  const archive = await openArchive(old);
  await archive.list();
  await archive.close();
  await expect(archive.list()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
});

test("does not overwrite the journal, a link or another file with an archive", async () => {
  const folder = await aFolder();
  const store = await openIn(folder);
  await store.write(aDraft([keyNo(1)]));
  const path = join(folder, "keys.jsonl");
  await writeFile(join(folder, "open"), "text", { mode: 0o644 });
  await symlink("keys.jsonl", join(folder, "link"));
  await symlink(folder, `${folder}-too`);
  onTestFinished(() => realDisk.unlink(`${folder}-too`));
  const bytes = await readFile(path);
  for (const archive of [
    path,
    join(`${folder}-too`, "keys.jsonl"),
    join(folder, "open"),
    join(folder, "link"),
    folder,
  ]) {
    await expect(store.compact({ ...NOW, archive })).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
  }
  const reserved = [`${path}.checkpoint`, `${path}.checkpoint.tmp`, `${path}.used.00`, `${path}.0123456789ab.next`, ""];
  for (const archive of reserved) {
    await expect(store.compact({ ...NOW, archive })).rejects.toMatchObject({ code: "USAGE" });
  }
  expect((await readFile(path)).equals(bytes)).toBe(true);
  expect((await filesIn(folder)).sort()).toEqual(["keys.jsonl", "link", "open"]);
  for (const archive of [`${path}.1`, join(folder, "keys.jsonl.checkpointed")])
    await store.compact({ ...NOW, archive });
  expect(await (await openArchive(`${path}.1`)).list()).toHaveLength(1);
});

test("rejects an archive on another disk with a hint", async () => {
  const folder = await aFolder();
  const link: Disk["link"] = () => Promise.reject(Object.assign(new Error(), { code: "EXDEV" }));
  const store = await openIn(folder, { link });
  await store.write(aDraft([keyNo(1)]));
  await expect(store.compact({ ...NOW, archive: join(folder, "old") })).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    message: expect.stringContaining("different disk"),
    hint: "choose a path on the same disk",
  });
  expect(await filesIn(folder)).toEqual(["keys.jsonl"]);
});

test("flushes the link of the archive before the journal is replaced", async () => {
  const folder = await aFolder();
  const elsewhere = await aFolder();
  const steps: string[] = [];
  const disk: Partial<Disk> = {
    link: async (from, to) => {
      await link(from, to);
      steps.push("link");
    },
    rename: async (from, to) => {
      await rename(from, to);
      if (basename(String(to)) === "keys.jsonl") steps.push("rename");
    },
    open: (async (path: string, flags: number | string, mode: number) => {
      const handle = await realDisk.open(path, flags, mode);
      const sync = handle.sync.bind(handle);
      handle.sync = async () => {
        if (path === elsewhere) steps.push("flush");
        await sync();
      };
      return handle;
    }) as Disk["open"],
  };
  const store = await openIn(folder, disk);
  await store.write(aDraft([keyNo(1)]));
  await store.compact({ ...NOW, archive: join(elsewhere, "old.jsonl") });
  expect(steps).toEqual(["link", "flush", "rename"]);
  // An archive can be moved, because it does not contain its path.
  await copyFile(join(elsewhere, "old.jsonl"), join(elsewhere, "copy.jsonl"));
  expect(await (await openArchive(join(elsewhere, "copy.jsonl"))).list()).toHaveLength(1);
});
