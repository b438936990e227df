import type { Version } from "../../src/core/key.ts";
import { execFileSync } from "node:child_process";
import { chmod, link, lstat, mkdir, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openFileStore } from "../../src/stores/file.ts";
import { realDisk } from "../../src/stores/journal/disk/disk.ts";
import type { Disk } from "../../src/stores/journal/disk/disk.ts";
import { journalOf } from "./journal/bytes.ts";
import { aDraft, aFolder, aWorld, changesOf, keyNo, openIn, filesIn } from "./place.ts";

const modeOf = async (path: string) => (await lstat(path)).mode & 0o777;

test("rejects a draft with a missing member before writing it", async () => {
  const folder = await aFolder();
  const store = await openIn(folder);
  await store.write(aDraft([keyNo(1)]));
  const { expiresAt: _, ...incomplete } = keyNo(2).versions[0]!;
  const key = { ...keyNo(2), versions: [incomplete as Version] };
  await expect(store.write(aDraft([key]))).rejects.toMatchObject({ code: "BUG" });
  const elsewhere = await openIn(join(folder, "elsewhere"));
  await expect(elsewhere.adopt([{ seq: 1, ...aDraft([key]) }])).rejects.toMatchObject({ code: "BUG" });
  await store.write(aDraft([keyNo(3)]));
  expect(await (await openIn(folder)).list()).toHaveLength(2);
  expect(await elsewhere.list()).toEqual([]);
});

describe("location", () => {
  test("is keys.jsonl in the data folder by default", async () => {
    const folder = await aFolder();
    const store = await openFileStore("", aWorld(join(folder, "data")));
    await store.write(aDraft([keyNo(1)]));
    await store.close();
    expect(store.spec).toBe(`file:${join(folder, "data", "keys.jsonl")}`);
    expect(await filesIn(join(folder, "data"))).toEqual(["keys.jsonl"]);
  });

  test("takes ~/ as the home folder", async () => {
    const store = await openFileStore("~/a/keys.jsonl", aWorld(null, { HOME: "/home/ada" }));
    expect(store.spec).toBe("file:/home/ada/a/keys.jsonl");
  });

  test("without HOME, says to set it or to name a file", async () => {
    for (const location of ["", "~/keys.jsonl"]) {
      await expect(openFileStore(location, aWorld())).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
        hint: expect.stringMatching(/^set HOME, or (choose a file|use an absolute path): --store file:/),
      });
    }
  });

  test("rejects a NUL in the path", async () => {
    await expect(openFileStore("a\0b", aWorld())).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("permissions", () => {
  test("creates the file with 0600 and folders with 0700, but not when reading", async () => {
    const folder = await aFolder();
    const path = join(folder, "a", "b", "keys.jsonl");
    const store = await openFileStore(path, aWorld());
    expect(await store.list()).toEqual([]);
    expect(await filesIn(folder)).toEqual([]);
    await store.write(aDraft([keyNo(1)]));
    await store.touch([{ id: keyNo(1).id, n: 1, at: 5 }]);
    await store.close();
    expect(await modeOf(join(folder, "a"))).toBe(0o700);
    expect(await modeOf(join(folder, "a", "b"))).toBe(0o700);
    for (const name of await readdir(join(folder, "a", "b")))
      expect(await modeOf(join(folder, "a", "b", name))).toBe(0o600);
  });

  test.each([0o644, 0o620, 0o604])("rejects a file of mode %o with the chmod that fixes it", async (mode) => {
    const folder = await aFolder();
    const path = join(folder, "keys.jsonl");
    await writeFile(path, journalOf(1).bytes, { mode: 0o600 });
    const open = await openIn(folder);
    expect(await open.list()).toHaveLength(1);
    await chmod(path, mode);
    for (const store of [open, await openIn(folder)]) {
      const fault = { code: "STORE_INSECURE", hint: expect.stringContaining(`fix it with: chmod 600 ${path}`) };
      await expect(store.list()).rejects.toMatchObject(fault);
      await expect(store.write(aDraft([keyNo(2)]))).rejects.toMatchObject(fault);
    }
    await chmod(path, 0o600);
    expect(await open.list()).toHaveLength(1);
  });

  test("rejects another file that others can read, and does not advise to change its mode", async () => {
    const folder = await aFolder();
    await writeFile(join(folder, "keys.jsonl"), "root:x:0:0:root:/root:/bin/sh\n", { mode: 0o644 });
    const fault = { code: "STORE_INSECURE", hint: "choose another path: --store file:<path>" };
    await expect((await openIn(folder)).list()).rejects.toMatchObject(fault);
    await expect((await openIn(folder)).write(aDraft([keyNo(1)]))).rejects.toMatchObject(fault);
  });

  test.each([0o770, 0o707, 0o777])("rejects a folder of mode %o, which others can write", async (mode) => {
    const folder = await aFolder();
    await chmod(folder, mode);
    const store = await openIn(folder);
    const fault = { code: "STORE_INSECURE", hint: expect.stringContaining(`fix it with: chmod go-w ${folder}`) };
    await expect(store.get("x")).rejects.toMatchObject(fault);
    await expect(store.write(aDraft([keyNo(1)]))).rejects.toMatchObject(fault);
    await chmod(folder, 0o755);
    await store.write(aDraft([keyNo(1)]));
  });

  test.each([0o1777, 0o2775, 0o1770])("never advises to change a folder that is shared, of mode %o", async (mode) => {
    const folder = await aFolder();
    await chmod(folder, mode);
    await writeFile(join(folder, "keys.jsonl"), journalOf(1).bytes, { mode: 0o600 });
    const fault: unknown = await (await openIn(folder)).list().catch((cause: unknown) => cause);
    expect(fault).toMatchObject({
      code: "STORE_INSECURE",
      hint: expect.stringContaining(
        `mkdir -p -m 700 ~/mcp-keys && mv ${folder}/keys.jsonl* ~/mcp-keys/; then use --store file:~/mcp-keys/keys.jsonl`,
      ),
    });
    expect(fault).not.toMatchObject({ hint: expect.stringContaining("chmod") });
  });

  test("rejects a data folder that others can read", async () => {
    const folder = await aFolder();
    await chmod(folder, 0o755);
    const store = await openFileStore("", aWorld(folder));
    await expect(store.list()).rejects.toMatchObject({
      code: "STORE_INSECURE",
      hint: `fix it with: chmod 700 ${folder}`,
    });
  });

  test("rejects a folder of another user, and a file of another user in a folder of root", async () => {
    const folder = await aFolder();
    const path = join(folder, "keys.jsonl");
    await writeFile(path, journalOf(1).bytes, { mode: 0o600 });
    const ownedBy = (uid: number): Disk => ({
      ...realDisk,
      lstat: (async (name: string, options: object) => {
        const found = await lstat(name, options);
        return name === folder ? Object.assign(found, { uid }) : found;
      }) as Disk["lstat"],
    });
    const me = { ...aWorld(), uid: 12_345 };
    await expect((await openFileStore(join(folder, "none"), me, ownedBy(777))).list()).rejects.toMatchObject({
      code: "STORE_INSECURE",
      message: `the folder ${folder} belongs to another user`,
    });
    await expect((await openFileStore(path, me, ownedBy(0))).list()).rejects.toMatchObject({
      code: "STORE_INSECURE",
      message: `${path} belongs to another user`,
    });
  });

  test("rejects a symbolic link, dangling or not, and writes nothing through it", async () => {
    for (const target of ["target.jsonl", "nowhere"]) {
      const folder = await aFolder();
      await writeFile(join(folder, "target.jsonl"), journalOf(1).bytes, { mode: 0o600 });
      await symlink(join(folder, target), join(folder, "keys.jsonl"));
      const store = await openIn(folder);
      await expect(store.list()).rejects.toMatchObject({ code: "STORE_INSECURE" });
      await expect(store.write(aDraft([keyNo(2)]))).rejects.toMatchObject({ code: "STORE_INSECURE" });
      expect(await filesIn(folder)).toEqual(["keys.jsonl", "target.jsonl"]);
      expect(await readFile(join(folder, "target.jsonl"))).toEqual(journalOf(1).bytes);
    }
  });

  test("notices if an open file was replaced with a link", async () => {
    const folder = await aFolder();
    const store = await openIn(folder);
    await store.write(aDraft([keyNo(1)]));
    await rename(join(folder, "keys.jsonl"), join(folder, "moved"));
    await symlink(join(folder, "moved"), join(folder, "keys.jsonl"));
    await expect(store.list()).rejects.toMatchObject({ code: "STORE_INSECURE" });
  });

  test("accepts a folder that is a link", async () => {
    const folder = await aFolder();
    await mkdir(join(folder, "real"), { mode: 0o700 });
    await symlink("real", join(folder, "linked"));
    const store = await openIn(join(folder, "linked"));
    await store.write(aDraft([keyNo(1)]));
    expect(await filesIn(join(folder, "real"))).toEqual(["keys.jsonl"]);
  });

  test("does not create the target of a folder that is a dangling link", async () => {
    const folder = await aFolder();
    await symlink("nowhere", join(folder, "linked"));
    for (const below of ["linked", "linked/new/newer"]) {
      const store = await openIn(join(folder, below));
      expect(await store.list()).toEqual([]);
      await expect(store.write(aDraft([keyNo(1)]))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    }
    expect(await filesIn(folder)).toEqual(["linked"]);
  });

  test("rejects a named pipe without waiting for it", async () => {
    const folder = await aFolder();
    execFileSync("mkfifo", ["-m", "600", join(folder, "keys.jsonl")]);
    const store = await openIn(folder);
    await expect(store.list()).rejects.toMatchObject({ code: "STORE_INSECURE" });
  });
});

describe("disk errors", () => {
  const failing = (code: string) => Object.assign(new Error(code), { code });

  test("has a hint if the file is a folder, or the folder a file", async () => {
    const folder = await aFolder();
    await mkdir(join(folder, "keys.jsonl"), { mode: 0o700 });
    await expect((await openIn(folder)).list()).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      hint: `choose a file inside it: --store file:${folder}/keys.jsonl/keys.jsonl`,
    });
    await writeFile(join(folder, "file"), "");
    const below = await openIn(join(folder, "file"));
    for (const attempt of [() => below.list(), () => below.write(aDraft([keyNo(1)]))]) {
      await expect(attempt()).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
        message: expect.stringContaining("not a folder"),
      });
    }
  });

  test.each(["EACCES", "EPERM", "EROFS", "EIO", "EMFILE", "ESTALE"])(
    "%s is an error, not an empty store",
    async (code) => {
      const folder = await aFolder();
      await writeFile(join(folder, "keys.jsonl"), journalOf(1).bytes, { mode: 0o600 });
      const store = await openIn(folder, { open: () => Promise.reject(failing(code)) });
      for (const attempt of [
        () => store.get("key-1"),
        () => store.list(),
        () => store.snapshot(),
        () => changesOf(store),
      ]) {
        await expect(attempt()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      }
    },
  );

  test.each(["EACCES", "EROFS", "ENOSPC", "EDQUOT"])("has a hint for %s when creating the file", async (code) => {
    const folder = await aFolder();
    const store = await openIn(join(folder, "new"), { mkdir: (() => Promise.reject(failing(code))) as Disk["mkdir"] });
    const fault: unknown = await store.write(aDraft([keyNo(1)])).catch((cause: unknown) => cause);
    expect(fault).toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(fault).not.toMatchObject({ message: expect.stringContaining(code) });
    expect(await filesIn(folder)).toEqual([]);
  });

  /** Returns a disk whose handles are changed once. */
  const withHandle = (change: (handle: FileHandle) => Partial<FileHandle>): Partial<Disk> => ({
    open: (async (path: string, flags: number, mode: number) => {
      const handle = await realDisk.open(path, flags, mode);
      const other = change(handle);
      return new Proxy(handle, {
        get: (target, name) => {
          const value: unknown = name in other ? Reflect.get(other, name) : Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    }) as Disk["open"],
  });

  test("keeps a partial line unchanged, and the next writer continues", async () => {
    const folder = await aFolder();
    await (await openIn(folder)).write(aDraft([keyNo(1)]));
    const short = withHandle((handle) => ({
      write: ((bytes: Buffer) => handle.write(bytes.subarray(0, 100))) as FileHandle["write"],
    }));
    const store = await openIn(folder, short);
    await expect(store.write(aDraft([keyNo(2)]))).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      hint: expect.stringContaining("this change was not saved"),
    });
    const next = await openIn(folder);
    await next.write(aDraft([keyNo(3)]));
    expect((await next.list()).map(({ name }) => name)).toEqual(["key-1", "key-3"]);
    expect(await store.list()).toEqual(await next.list());
  });

  test("after a failed flush, says that the change may or may not be saved", async () => {
    const folder = await aFolder();
    await (await openIn(folder)).write(aDraft([keyNo(1)]));
    let flushes = 0;
    const store = await openIn(
      folder,
      withHandle(() => ({ sync: () => (flushes++, Promise.reject(failing("EIO"))) })),
    );
    await expect(store.write(aDraft([keyNo(2)]))).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("may or may not"),
    });
    expect(flushes).toBe(1);
  });
});

test("two links to a file are one store", async () => {
  const folder = await aFolder();
  const store = await openIn(folder);
  await store.write(aDraft([keyNo(1)]));
  await link(join(folder, "keys.jsonl"), join(folder, "other.jsonl"));
  const other = await openFileStore(join(folder, "other.jsonl"), aWorld());
  await other.write(aDraft([keyNo(2)]));
  await other.close();
  expect(await store.list()).toHaveLength(2);
});

test("rejects calls after it was closed", async () => {
  const store = await openIn(await aFolder());
  await store.close();
  await expect(store.list()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
});
