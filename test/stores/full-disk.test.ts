import { readdirSync, statSync } from "node:fs";
import { mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FileHandle } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { KeysError } from "../../src/errors.ts";
import { createKeys } from "../../src/keys/keys.ts";
import { realDisk } from "../../src/stores/journal/disk/disk.ts";
import type { Disk } from "../../src/stores/journal/disk/disk.ts";
import { systemRandom } from "../../src/world.ts";
import { aDraft, aFolder, changesOf, failToReplace, filesIn, keyNo, openIn, TORTURE } from "./place.ts";

const RESERVE = "keys.jsonl.reserve";

/** A disk for one folder with room for `space.left` more bytes. Writes what fits, then fails with `code`. */
function smallDisk(folder: string, space: { capacity: number }, code = "ENOSPC"): Partial<Disk> {
  const used = () => readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  const fit = (bytes: Buffer): Buffer => {
    const room = space.capacity - used();
    if (room <= 0) throw Object.assign(new Error(code), { code });
    return bytes.subarray(0, room);
  };
  const whole = async (handle: FileHandle, data: string | Buffer) => {
    const bytes = Buffer.from(data);
    const part = fit(bytes);
    await handle.write(part);
    if (part.length < bytes.length) fit(bytes);
  };
  return withHandles((handle) => ({
    write: (async (bytes: Buffer) => handle.write(fit(bytes))) as FileHandle["write"],
    appendFile: (data: Buffer) => whole(handle, data),
    writeFile: (data: string) => whole(handle, data),
  }));
}

function withHandles(change: (handle: FileHandle, path: string) => Partial<FileHandle>): Partial<Disk> {
  return {
    open: (async (path: string, flags: number, mode: number) => {
      const handle = await realDisk.open(path, flags, mode);
      const other = change(handle, path);
      return new Proxy(handle, {
        get: (target, name) => {
          const value: unknown = name in other ? Reflect.get(other, name) : Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    }) as Disk["open"],
  };
}

const faultOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (cause: unknown) => cause,
  );

describe("a full disk", () => {
  test.each(["ENOSPC", "EDQUOT"])("revokes and disables with the reserve, and refuses new keys (%s)", async (code) => {
    const folder = await aFolder();
    const space = { capacity: 48 * 1024 };
    const store = await openIn(folder, smallDisk(folder, space, code));
    let fault: unknown = null;
    let written = 0;
    while (fault === null) {
      fault = await faultOf(store.write(aDraft([keyNo(written)])));
      if (fault === null) written++;
    }
    expect(written).toBeGreaterThan(5);
    expect(fault).toMatchObject({
      code: "STORE_UNAVAILABLE",
      hint: expect.stringMatching(/^free some space .*; this change was not saved$/),
    });
    expect((await stat(join(folder, RESERVE))).size).toBe(32 * 1024);
    expect(await (await openIn(folder)).list()).toHaveLength(written);

    for (const [n, op] of [
      [0, "revoke"],
      [1, "disable"],
      [2, "finish"],
      [3, "abort"],
      [4, "promote"],
    ] as const) {
      const key = (await store.get(keyNo(n).id))!;
      await store.write(aDraft([{ ...key, enabled: false }], { op }));
    }
    expect(await readdir(folder)).not.toContain(RESERVE);
    expect(await changesOf(await openIn(folder), written)).toHaveLength(5);
    // Now there is room for a record, but new keys must leave a reserve behind.
    expect(await faultOf(store.write(aDraft([keyNo(900)])))).toMatchObject({ code: "STORE_UNAVAILABLE" });
    space.capacity *= 2;
    await store.write(aDraft([keyNo(900)]));
    expect(await readdir(folder)).toContain(RESERVE);
  });

  test("at any size: delivers a token only if its key then works, and says so", async () => {
    const seen = new Set<string>();
    const step = TORTURE ? 13 : 67;
    for (let capacity = 32 * 1024 - 300; capacity < 32 * 1024 + 2_000; capacity += step) {
      const folder = await aFolder();
      const store = await openIn(folder, smallDisk(folder, { capacity }));
      const keys = createKeys({ store, now: () => 1_000, by: "ada@laptop", random: systemRandom });
      const delivered: string[] = [];
      const deliver = async (issued: { token: { reveal: () => string } }) => void delivered.push(issued.token.reveal());
      const fault = await faultOf(keys.generate({ name: "ci", expiresAt: null, deliver }));
      const key = await (await openIn(folder)).get("ci");
      if (delivered.length === 0) {
        expect(fault).toMatchObject({ code: "STORE_UNAVAILABLE", hint: expect.stringContaining("not saved") });
        expect(key).toBeNull();
      } else {
        expect(fault, String(capacity)).toBeNull();
        expect(key?.versions).toMatchObject([{ state: "current" }]);
      }
      seen.add(
        delivered.length === 0 ? "refused" : (await readdir(folder)).includes(RESERVE) ? "fits" : "with the reserve",
      );
    }
    expect([...seen].sort()).toEqual(["fits", "refused", "with the reserve"]);
  });

  test("says that the token works if its promotion could not be saved", async () => {
    const folder = await aFolder();
    let full = false;
    const failing = () => Promise.reject(Object.assign(new Error(), { code: "EFBIG" }));
    const store = await openIn(
      folder,
      withHandles((handle) => ({
        write: ((bytes: Buffer) => (full ? failing() : handle.write(bytes))) as FileHandle["write"],
      })),
    );
    const keys = createKeys({ store, now: () => 1_000, by: "ada@laptop", random: systemRandom });
    const deliver = async () => void (full = true);
    await expect(keys.generate({ name: "ci", expiresAt: null, deliver })).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringMatching(/^the token was delivered and works, but is not current yet: .*size limit/),
      hint: expect.stringMatching(/not saved; then deliver a new token to the same destination: mcp-keys rotate ci$/),
    });
    expect((await (await openIn(folder)).get("ci"))?.versions).toMatchObject([{ state: "pending" }]);
  });

  test("does not stop readers, and last-used times do not take the reserve", async () => {
    const folder = await aFolder();
    const space = { capacity: 40 * 1024 };
    const store = await openIn(folder, smallDisk(folder, space), 1);
    await store.write(aDraft([keyNo(1)]));
    space.capacity = 0;
    await expect(store.touch([{ id: keyNo(1).id, n: 1, at: 5 }])).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(store.compact({ at: 1, by: "x" })).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await (await openIn(folder, smallDisk(folder, space), 1)).list()).toHaveLength(1);
    expect((await readdir(folder)).sort()).toEqual(["keys.jsonl", RESERVE]);
    space.capacity = 80 * 1024;
    await store.touch([{ id: keyNo(1).id, n: 1, at: 6 }]);
    expect((await store.get(keyNo(1).id))?.versions[0]?.lastUsedAt).toBe(6);
  });
});

describe("an append", () => {
  async function aStore(change: (handle: FileHandle) => Partial<FileHandle>) {
    const folder = await aFolder();
    await (await openIn(folder)).write(aDraft([keyNo(1)]));
    const disk = withHandles((handle, path) => (path.endsWith(".jsonl") ? change(handle) : {}));
    return { folder, store: await openIn(folder, disk) };
  }
  const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));

  test("that lost only the tab is complete: every reader applies it, and so does the writer", async () => {
    const { folder, store } = await aStore((handle) => ({
      write: ((bytes: Buffer) => handle.write(bytes.subarray(0, -1))) as FileHandle["write"],
    }));
    expect(await store.write(aDraft([keyNo(2)]))).toMatchObject({ seq: 2 });
    expect(await (await openIn(folder)).list()).toHaveLength(2);
  });

  test.each([
    ["write", "EIO"],
    ["sync", "EIO"],
    ["sync", "ENOSPC"],
    ["sync", "EDQUOT"],
  ] as const)(
    "whose %s fails with %s may have been saved, and says so without using the reserve",
    async (call, code) => {
      const { folder, store } = await aStore(() => ({ [call]: failing(code) }));
      const key = (await store.get(keyNo(1).id))!;
      const fault = await faultOf(store.write(aDraft([{ ...key, enabled: false }], { op: "disable" })));
      expect(fault).toMatchObject({ code: "STORE_UNAVAILABLE", message: expect.stringContaining("may or may not") });
      expect(fault).not.toMatchObject({ hint: expect.stringMatching(/not saved|nothing/) });
      expect(await readdir(folder)).toContain(RESERVE);
      // The next call settles it: what the file says counts.
      const settled = await (await openIn(folder)).get(keyNo(1).id);
      expect(settled?.enabled).toBe(call === "write");
      expect(await store.get(keyNo(1).id)).toEqual(settled);
    },
  );

  test.each(["ENOSPC", "EDQUOT", "EFBIG", "EROFS"])("whose write fails with %s changed nothing", async (code) => {
    const { folder, store } = await aStore(() => ({ write: failing(code) }));
    expect(await faultOf(store.write(aDraft([keyNo(2)])))).toMatchObject({
      code: "STORE_UNAVAILABLE",
      hint: expect.stringContaining("this change was not saved"),
    });
    expect(await (await openIn(folder)).list()).toHaveLength(1);
  });
});

describe("a reserve", () => {
  test.each<[string, (path: string) => Promise<unknown>]>([
    ["a folder", (path) => mkdir(path)],
    ["a link", (path) => symlink("nowhere", path)],
    ["a file that others can write", (path) => writeFile(path, "x", { mode: 0o666 })],
  ])("that is %s is left alone, and stops nothing", async (_, create) => {
    const folder = await aFolder();
    await create(join(folder, RESERVE));
    const store = await openIn(folder);
    await store.write(aDraft([keyNo(1)]));
    await store.remove({ at: 1, by: "x", seq: 1, detail: "to file:/new" });
    expect(await filesIn(folder)).toEqual([]);
  });

  test("that a crash left incomplete is written again", async () => {
    const folder = await aFolder();
    await writeFile(join(folder, RESERVE), "half", { mode: 0o600 });
    await (await openIn(folder)).write(aDraft([keyNo(1)]));
    const { size, blocks } = await stat(join(folder, RESERVE));
    expect(size).toBe(32 * 1024);
    // Not sparse.
    expect(blocks * 512).toBeGreaterThanOrEqual(size);
  });
});

test("a compaction whose last step fails is finished by the next command, and says so", async () => {
  const folder = await aFolder();
  const store = await openIn(folder, {
    rename: failToReplace(Object.assign(new Error(), { code: "ENOSPC" })),
  });
  await store.write(aDraft([keyNo(1)]));
  const fault = await faultOf(store.compact({ at: 1, by: "x" }));
  expect(fault).toBeInstanceOf(KeysError);
  expect(fault).toMatchObject({ hint: expect.stringContaining("any later command finishes what this one began") });
  expect(await changesOf(await openIn(folder))).toMatchObject([{ op: "compact" }]);
});
