import { execFileSync } from "node:child_process";
import { hash } from "node:crypto";
import { chmod, link, lstat, mkdir, readFile, symlink, unlink, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { digestToken } from "../../../../src/core/digest.ts";
import { realDisk } from "../../../../src/stores/journal/disk/disk.ts";
import type { Disk } from "../../../../src/stores/journal/disk/disk.ts";
import {
  formatCheckpoint,
  parseCheckpoint,
  readCheckpoint,
  writeCheckpoint,
} from "../../../../src/stores/journal/read/checkpoint.ts";
import type { Checkpoint } from "../../../../src/stores/journal/read/checkpoint.ts";
import { journalOf } from "../bytes.ts";
import { aJournal, aCheckpointed, names, SECOND, tagOf, three } from "./checkpointed.ts";
import { aDraft, aWorld, changesOf, keyNo, openIn, TORTURE, filesIn } from "../../place.ts";

describe("a checkpoint", () => {
  test("is written by a reader that verified the journal, and only its owner can read it", async () => {
    const { folder, checkpoint, readCheckpoint, list } = await aJournal(three.bytes);
    await list();
    const written = await readCheckpoint();
    expect(written).toEqual({
      ...{ size: three.bytes.length, ...tagOf(three.bytes, written?.key, written?.index), seq: 3, head: three.sums[3] },
      ...{ newest: 1_000, epoch: three.sums[1]!.slice(0, 16), base: 0, until: 0, lines: 4, voids: [] },
    });
    expect((await lstat(checkpoint)).mode & 0o777).toBe(0o600);
    expect((await filesIn(folder)).sort()).toEqual(["keys.jsonl", "keys.jsonl.checkpoint"]);
  });

  test("spares the next reader the lines that it covers", async () => {
    const { list, readCheckpoint, writeCheckpoint } = await aJournal(three.bytes);
    expect(await list()).toEqual(names(1, 2, 3));
    // It trusts the void lines of the checkpoint: a process that can write it can also write the journal.
    await writeCheckpoint(formatCheckpoint({ ...(await readCheckpoint())!, voids: [SECOND] }));
    expect(await list()).toEqual(names(1, 3));
  });

  test("is replaced after enough bytes, and only when the journal is opened", async () => {
    const { folder, path, readCheckpoint, checkpoint } = await aJournal(three.bytes);
    const every = three.bytes.length + 1;
    const running = await openIn(folder, {}, every);
    expect(await running.list()).toHaveLength(3);
    await running.write(aDraft([keyNo(4)]));
    expect(await filesIn(folder)).toEqual(["keys.jsonl"]);
    expect(await (await openIn(folder, {}, every)).list()).toHaveLength(4);
    expect(await readCheckpoint()).toMatchObject({ seq: 4 });
    for (const n of [5, 6]) {
      await running.write(aDraft([keyNo(n)]));
      expect(await (await openIn(folder, {}, every)).list()).toHaveLength(n);
    }
    expect(await readCheckpoint()).toMatchObject({ seq: 4 });
    for (const n of [7, 8]) await running.write(aDraft([keyNo(n)]));
    expect(await (await openIn(folder, {}, every)).list()).toHaveLength(8);
    const covered = await readFile(path);
    const written = await readCheckpoint();
    expect(written).toMatchObject({ seq: 8, size: covered.length, ...tagOf(covered, written?.key, written?.index) });
    await unlink(checkpoint);
    await running.write(aDraft([keyNo(9)]));
    expect(await running.list()).toHaveLength(9);
    expect(await filesIn(folder)).toEqual(["keys.jsonl"]);
  });

  test("does not exist for a small journal, which never looks for one", async () => {
    const { folder, list, readCheckpoint, writeCheckpoint, checkpoint } = await aJournal(three.bytes);
    expect(await (await openIn(folder)).list()).toHaveLength(3);
    expect(await filesIn(folder)).toEqual(["keys.jsonl"]);
    await list();
    await writeCheckpoint(formatCheckpoint({ ...(await readCheckpoint())!, voids: [SECOND] }));
    expect(await (await openIn(folder)).list()).toHaveLength(3);
    expect(parseCheckpoint(await readFile(checkpoint))).toMatchObject({ voids: [SECOND] });
  });

  test("is not written if it would be too long", async () => {
    const { folder, path } = await aJournal(three.bytes);
    const location = { path, uid: aWorld().uid, ownsFolder: false };
    const state = {
      size: 1,
      ...tagOf(""),
      seq: 1,
      head: "a".repeat(64),
      newest: 1,
      epoch: "e",
      base: 0,
      until: 0,
      lines: 2,
    };
    await writeCheckpoint(realDisk, location, { ...state, voids: Array.from({ length: 100_000 }, (_, i) => i) });
    expect(await filesIn(folder)).toEqual(["keys.jsonl"]);
    await writeCheckpoint(realDisk, location, { ...state, voids: Array.from({ length: 10_000 }, (_, i) => i) });
    expect(await readCheckpoint(realDisk, location, 1)).toMatchObject({ voids: { length: 10_000 } });
  });

  test("changes no answer, whether keys are searched or parsed, nor the history", async () => {
    const { bytes, records } = journalOf(800);
    const covered = bytes.subarray(
      0,
      records.slice(0, 700).reduce((sum, { length }) => sum + length, 0),
    );
    const late = Buffer.concat([journalOf(1, 950).bytes, journalOf(1, 960).bytes.subarray(0, 400)]);
    const { folder, path, readCheckpoint } = await aCheckpointed(
      Buffer.concat([records[0]!, late, covered.subarray(records[0]!.length)]),
      bytes.subarray(covered.length),
    );
    expect((await readCheckpoint())!.voids).toHaveLength(2);
    const plain = await openIn(folder);
    const searched = await openIn(folder, {}, bytes.length);
    const parsed = await openIn(folder, {}, bytes.length);
    expect(await parsed.snapshot()).toEqual(await plain.snapshot());
    for (const n of [1, 2, 400, 700, 701, 800, 801, 950, 960]) {
      const { id, name } = keyNo(n);
      expect(await searched.get(id)).toEqual(await plain.get(id));
      expect(await searched.get(name)).toEqual(await plain.get(name));
      expect(await searched.find(digestToken(`token ${n}`))).toEqual(await plain.find(digestToken(`token ${n}`)));
    }
    for (const store of [searched, parsed]) {
      for (const since of [790, 699, 700, 3, 0])
        expect(await changesOf(store, since)).toEqual(await changesOf(plain, since));
    }
    await searched.write(aDraft([keyNo(801)]));
    expect(await parsed.list()).toHaveLength(801);
    expect((await readFile(path)).length).toBeGreaterThan(bytes.length);
  });
});

describe("ignores and replaces an unusable checkpoint", () => {
  const whole: Checkpoint = {
    ...{ size: three.bytes.length, ...tagOf(three.bytes), seq: 3, head: three.sums[3]! },
    // If it were used, the second key would be missing.
    ...{ newest: 1_000, epoch: "e", base: 0, until: 0, lines: 4, voids: [SECOND] },
  };
  const other = journalOf(3, 50);
  const contents: Readonly<Record<string, string | Buffer>> = {
    empty: "",
    "cut short": formatCheckpoint(whole).subarray(0, -1),
    "not JSON": "checkpoint",
    "of a later version": resummed(formatCheckpoint(whole).toString().replace('"v":2', '"v":3')),
    "of other bytes": formatCheckpoint({ ...whole, ...tagOf("other") }),
    "of a file that was replaced": formatCheckpoint({ ...whole, ...tagOf(other.bytes) }),
    "longer than the file": formatCheckpoint({ ...whole, size: whole.size + 1 }),
    "ending inside a record": formatCheckpoint({
      ...whole,
      size: 9,
      ...tagOf(three.bytes.subarray(0, 9)),
    }),
    "ending before a tab": formatCheckpoint({
      ...whole,
      size: whole.size - 1,
      ...tagOf(three.bytes.subarray(0, -1)),
    }),
    "with another key": formatCheckpoint({ ...whole, key: "1".repeat(32) }),
    "with another head": formatCheckpoint({ ...whole, head: three.sums[2]! }),
    "with another count": formatCheckpoint({ ...whole, seq: 4 }),
  };

  test.each(Object.keys(contents))("%s", async (kind) => {
    const { list, writeCheckpoint, readCheckpoint } = await aJournal(three.bytes);
    await writeCheckpoint(contents[kind]!);
    expect(await list()).toEqual(names(1, 2, 3));
    expect(await readCheckpoint()).toMatchObject({ size: three.bytes.length, voids: [] });
  });

  test("that is very long", async () => {
    const { folder, checkpoint, writeCheckpoint } = await aJournal(three.bytes);
    await writeCheckpoint(Buffer.alloc(1024 * 1024));
    let reads = 0;
    const disk = withHandle(checkpoint, (handle) => {
      const read = handle.read.bind(handle);
      handle.read = (...args: []) => (reads++, read(...args));
    });
    expect(await (await openIn(folder, disk, 1)).list()).toHaveLength(3);
    expect(reads).toBe(0);
    await (await openIn(folder, disk, 1)).list();
    expect(reads).toBe(1);
  });

  test("that others can read or write", async () => {
    for (const mode of [0o644, 0o620, 0o602]) {
      const { list, writeCheckpoint, checkpoint } = await aJournal(three.bytes);
      await writeCheckpoint(formatCheckpoint(whole));
      await chmod(checkpoint, mode);
      expect(await list()).toEqual(names(1, 2, 3));
      expect((await lstat(checkpoint)).mode & 0o777).toBe(0o600);
    }
  });

  test("of another user", async () => {
    const { folder, writeCheckpoint, checkpoint } = await aJournal(three.bytes);
    await writeCheckpoint(formatCheckpoint(whole));
    const disk: Partial<Disk> = {
      open: (async (path: string, flags: number | string, mode: number) => {
        const handle = await realDisk.open(path, flags, mode);
        const stat = handle.stat.bind(handle);
        if (path === checkpoint)
          handle.stat = (async () => Object.assign(await stat({ bigint: true }), { uid: 777n })) as never;
        return handle;
      }) as Disk["open"],
    };
    expect(await (await openIn(folder, disk, 1)).list()).toHaveLength(3);
  });

  test("that is a link, without following it", async () => {
    const { list, folder, checkpoint, readCheckpoint } = await aJournal(three.bytes);
    const target = join(folder, "target");
    await writeFile(target, formatCheckpoint(whole), { mode: 0o600 });
    await symlink(target, checkpoint);
    await symlink(target, `${checkpoint}.tmp`);
    expect(await list()).toEqual(names(1, 2, 3));
    expect(await readFile(target)).toEqual(formatCheckpoint(whole));
    expect((await lstat(checkpoint)).isFile()).toBe(true);
    expect(await readCheckpoint()).toMatchObject({ voids: [] });
  });

  test("that is a pipe, without waiting, or a folder, which stays", async () => {
    const pipe = await aJournal(three.bytes);
    execFileSync("mkfifo", ["-m", "600", pipe.checkpoint]);
    expect(await pipe.list()).toEqual(names(1, 2, 3));
    const folder = await aJournal(three.bytes);
    await mkdir(folder.checkpoint, { mode: 0o700 });
    expect(await folder.list()).toEqual(names(1, 2, 3));
    expect((await filesIn(folder.folder)).sort()).toEqual(["keys.jsonl", "keys.jsonl.checkpoint"]);
  });

  test("of a journal that was compacted", async () => {
    const { folder, list, readCheckpoint, checkpoint } = await aJournal(three.bytes);
    await list();
    const old = await readFile(checkpoint);
    const running = await openIn(folder, {}, 1);
    await running.list();
    const compacting = await openIn(folder, {}, 1);
    await compacting.compact({ at: 1, by: "x" });
    expect(await readCheckpoint()).toMatchObject({ seq: 4, base: 3, until: 4 });
    // Readers of the old file, sealed or not, continue in the file that has a checkpoint.
    expect(await running.list()).toHaveLength(3);
    await compacting.write(aDraft([keyNo(4)]));
    expect(await list()).toEqual(names(1, 2, 3, 4));
    await writeFile(checkpoint, old);
    expect(await list()).toEqual(names(1, 2, 3, 4));
    expect(await readCheckpoint()).toMatchObject({ seq: 5, base: 3, until: 4 });
    expect(await changesOf(await openIn(folder, {}, 1))).toMatchObject([{ seq: 4, op: "compact" }, { seq: 5 }]);
  });
});

test("several readers can write a checkpoint at the same time", async () => {
  const { folder, readCheckpoint, list } = await aJournal(three.bytes);
  for (let round = 0; round < (TORTURE ? 200 : 5); round++) {
    const stores = await Promise.all(Array.from({ length: 10 }, () => openIn(folder, {}, 1)));
    const found = await Promise.all(stores.map((store) => store.list()));
    expect(new Set(found.map(({ length }) => length))).toEqual(new Set([3 + round]));
    await stores[0]!.write(aDraft([keyNo(4 + round)]));
    await Promise.all(stores.map((store) => store.close()));
  }
  await list();
  expect(await readCheckpoint()).not.toBeNull();
  expect((await filesIn(folder)).sort()).toEqual(["keys.jsonl", "keys.jsonl.checkpoint"]);
});

describe("reads the journal if no checkpoint can be written", () => {
  const failing = (code: string) => Promise.reject(Object.assign(new Error(code), { code }));
  const refusing = (code: string): Partial<Disk> => ({
    open: ((path: string, flags: number | string, mode: number) =>
      path.endsWith(".checkpoint.tmp") ? failing(code) : realDisk.open(path, flags, mode)) as Disk["open"],
  });
  const full = withHandle(".checkpoint.tmp", (handle) => (handle.writeFile = () => failing("ENOSPC")));
  test.each([
    ["read-only disk", refusing("EROFS")],
    ["read-only folder", refusing("EACCES")],
    ["full disk", full],
    ["rename that fails", { rename: () => failing("EIO") }],
  ])("%s", async (_, disk) => {
    const { folder } = await aJournal(three.bytes);
    for (let i = 0; i < 2; i++) {
      const store = await openIn(folder, disk, 1);
      expect(await store.list()).toHaveLength(3);
      expect(await store.get("key-2")).not.toBeNull();
      expect(await filesIn(folder)).toEqual(["keys.jsonl"]);
    }
  });

  test("ignores a draft that another process is writing or left behind", async () => {
    const { folder, checkpoint, list } = await aJournal(three.bytes);
    await writeFile(`${checkpoint}.tmp`, "", { mode: 0o600 });
    await link(`${checkpoint}.tmp`, join(folder, "other"));
    expect(await list()).toEqual(names(1, 2, 3));
    expect((await filesIn(folder)).sort()).toEqual(["keys.jsonl", "keys.jsonl.checkpoint", "other"]);
  });
});

/** Returns a disk that changes the handles of files whose name ends with `end`. */
function withHandle(end: string, change: (handle: FileHandle) => void): Partial<Disk> {
  return {
    open: (async (path: string, flags: number | string, mode: number) => {
      const handle = await realDisk.open(path, flags, mode);
      if (path.endsWith(end)) change(handle);
      return handle;
    }) as Disk["open"],
  };
}

function resummed(checkpoint: string): string {
  const body = checkpoint.slice(0, -75);
  return `${body},"sum":"${hash("sha256", body)}"}\n`;
}
