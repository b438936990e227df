import { execFileSync } from "node:child_process";
import { readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Chain } from "../../../src/stores/journal/format/chain.ts";
import { realDisk } from "../../../src/stores/journal/disk/disk.ts";
import type { Disk } from "../../../src/stores/journal/disk/disk.ts";
import { openPrivate, stateOf } from "../../../src/stores/journal/disk/open.ts";
import { finishCompaction } from "../../../src/stores/journal/replace/finish-compaction.ts";
import { aDraft, aFolder, aWorld, keyNo, openIn } from "../place.ts";
import { journalOf } from "./bytes.ts";

// These checks must hold even if the file changes after an earlier check, which hides them from the outside.
const { uid } = aWorld();

test("does not follow a link that was created after the check", async () => {
  const folder = await aFolder();
  await writeFile(join(folder, "target"), "", { mode: 0o600 });
  await symlink("target", join(folder, "link"));
  for (const mode of ["read", "append"] as const) {
    await expect(openPrivate(realDisk, join(folder, "link"), mode, { uid })).rejects.toMatchObject({
      code: "STORE_INSECURE",
    });
  }
  expect(await openPrivate(realDisk, join(folder, "link"), "create", { uid })).toBeNull();
  await expect(stateOf(realDisk, join(folder, "link"), { uid })).rejects.toMatchObject({ code: "STORE_INSECURE" });
});

test("does not wait for a pipe that was created after the check", async () => {
  const path = join(await aFolder(), "pipe");
  execFileSync("mkfifo", ["-m", "600", path]);
  await expect(openPrivate(realDisk, path, "read", { uid })).rejects.toMatchObject({ code: "STORE_INSECURE" });
  await expect(openPrivate(realDisk, path, "append", { uid })).rejects.toMatchObject({
    code: expect.stringMatching(/^STORE_/),
  });
});

test("a chain keeps its state when later bytes are damaged", () => {
  const { bytes, sums, records } = journalOf(3);
  const chain = new Chain("keys.jsonl");
  chain.verify(records[0]!, () => true);
  const damagedBytes = Buffer.concat([records[1]!, Buffer.from("\n{}\t")]);
  for (let i = 0; i < 2; i++) {
    expect(() => chain.verify(damagedBytes, () => true)).toThrow(expect.objectContaining({ code: "STORE_DAMAGED" }));
    expect([chain.seq, chain.head, chain.offset]).toEqual([1, sums[1], records[0]!.length]);
    expect(chain.heads.has(2, sums[2]!)).toBe(false);
  }
  chain.verify(bytes.subarray(chain.offset), () => true);
  expect([chain.seq, chain.head]).toEqual([3, sums[3]]);
});

test("two compactions of the same keys in the same second write two files", async () => {
  const folder = await aFolder();
  await (await openIn(folder)).write(aDraft([keyNo(1)]));
  // Both stop before the seal, as if they ran at the same time.
  const stopped: Partial<Disk> = {
    open: (async (path: string, flags: number | string, mode: number) => {
      const handle = await realDisk.open(path, flags, mode);
      if (path.endsWith("keys.jsonl")) handle.write = () => Promise.reject(new Error("stopped"));
      return handle;
    }) as Disk["open"],
    unlink: () => Promise.reject(new Error("stopped")),
  };
  for (let i = 0; i < 2; i++) await (await openIn(folder, stopped)).compact({ at: 1, by: "x" }).catch(() => {});
  expect((await readdir(folder)).filter((name) => name.endsWith(".next"))).toHaveLength(2);
});

test("a process that finishes a compaction too late finds nothing wrong", async () => {
  const folder = await aFolder();
  const path = join(folder, "keys.jsonl");
  const store = await openIn(folder);
  await store.write(aDraft([keyNo(1)]));
  const sealed = (await stateOf(realDisk, path, { uid }))!;
  await store.compact({ at: 1, by: "x" });
  await store.write(aDraft([keyNo(2)]));
  const location = { path, uid, ownsFolder: false };
  await finishCompaction(realDisk, location, sealed, "f".repeat(64));
  const now = (await stateOf(realDisk, path, { uid }))!;
  await expect(finishCompaction(realDisk, location, now, "f".repeat(64))).rejects.toMatchObject({
    code: "STORE_DAMAGED",
  });
});

test("flushes the folder before it acknowledges the first record, even if another process created the file", async () => {
  const folder = await aFolder();
  const path = join(folder, "keys.jsonl");
  await writeFile(path, "", { mode: 0o600 });
  const flushed: string[] = [];
  const disk: Partial<Disk> = {
    open: (async (name: string, flags: number | string, mode: number) => {
      const handle = await realDisk.open(name, flags, mode);
      const sync = handle.sync.bind(handle);
      handle.sync = async () => {
        flushed.push(`${name}, ${(await readFile(path)).length === 0 ? "empty" : "written"}`);
        await sync();
      };
      return handle;
    }) as Disk["open"],
  };
  const store = await openIn(folder, disk);
  await store.write(aDraft([keyNo(1)]));
  expect(flushed).toEqual([
    `${path}.reserve, empty`,
    `${folder}, empty`,
    `${join(folder, "..")}, empty`,
    `${path}, written`,
  ]);
  await store.write(aDraft([keyNo(2)]));
  expect(flushed).toHaveLength(5);
});
