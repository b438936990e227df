import {
  chmod,
  chown,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findCacheFolder } from "../../../src/cli/start/cache-folder.ts";
import { decode, encode, type CodeCache, readCodeCache, writeCodeCache } from "../../../src/cli/start/code-cache.ts";

const uid = process.getuid?.() ?? null;
const CODE = new Map([["chunks/list.cjs", { source: Uint8Array.of(7), code: Uint8Array.of(1, 2, 3) }]]);
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "mcp-keys-cache-"));
});
afterEach(() => rm(home, { recursive: true }));

const folderOf = (env: Record<string, string> = {}, user = uid) =>
  findCacheFolder({ HOME: home, ...env }, "linux", user);
const write = (name = "list", now = Date.now()) => {
  const folder = folderOf();
  if (folder !== null) writeCodeCache(folder, name, () => CODE, 7, now);
};
const read = (user = uid) => {
  const folder = folderOf({}, user);
  return folder === null ? null : toArrays(readCodeCache(folder, "list"));
};
const toArrays = (cache: CodeCache) =>
  new Map(
    [...cache].map(([name, { source, code }]) => [
      name,
      { source: Uint8Array.from(source), code: Uint8Array.from(code) },
    ]),
  );
/** What remains of damaged bytes. */
const decodeDamaged = (bytes: Buffer): CodeCache => {
  try {
    return decode(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(SyntaxError);
    return new Map();
  }
};
const inCache = (name: string) => join(home, ".cache/mcp-keys", name);

describe.skipIf(uid === null)("the cache of compiled code", () => {
  test("returns what was written, in a folder that only the user can enter", async () => {
    write();
    expect(read()).toEqual(CODE);
    expect((await stat(inCache(""))).mode & 0o777).toBe(0o700);
    expect((await stat(inCache("list"))).mode & 0o777).toBe(0o600);
  });

  test.each([0o770, 0o707, 0o755, 0o750])("is off if others may enter the folder (%o)", async (mode) => {
    write();
    await chmod(inCache(""), mode);
    expect(read()).toBeNull();
  });

  test.each([0o660, 0o602, 0o644])("ignores a file that others may open (%o)", async (mode) => {
    write();
    await chmod(inCache("list"), mode);
    expect(read()).toEqual(new Map());
  });

  test("is off in a folder of another user, and creates none in the home of another", async () => {
    expect(findCacheFolder({ HOME: home }, "linux", 54_321)?.create()).toBe(false);
    write();
    expect(read(54_321)).toBeNull();
  });

  test("follows no symbolic link", async () => {
    write("other");
    await symlink("other", inCache("list"));
    expect(read()).toEqual(new Map());
    await rm(inCache(""), { recursive: true });
    await mkdir(join(home, "elsewhere"), { mode: 0o700 });
    await symlink(join(home, "elsewhere"), join(home, ".cache/mcp-keys"));
    expect(folderOf()).toBeNull();
  });

  test.each([0o777, 0o775, 0o757])("is off if others could replace it (the folder above has %o)", async (mode) => {
    write();
    await chmod(join(home, ".cache"), mode);
    expect(folderOf()).toBeNull();
    await rm(inCache(""), { recursive: true });
    write();
    expect(await readdir(join(home, ".cache"))).toEqual([]);
  });

  test("may be below a folder like /tmp, and behind a link of the user", async () => {
    await mkdir(join(home, "shared"));
    await chmod(join(home, "shared"), 0o1777);
    await mkdir(join(home, "shared/ada"));
    await symlink("shared/ada", join(home, ".cache"));
    write();
    expect(read()).toEqual(CODE);
    await chmod(join(home, "shared"), 0o777);
    expect(folderOf()).toBeNull();
  });

  test.skipIf(uid !== 0)("as root, leaves no folder in the cache folder of another user", async () => {
    await mkdir(join(home, "ada"));
    await chown(join(home, "ada"), 54_321, 54_321);
    const env = { XDG_CACHE_HOME: join(home, "ada") };
    expect(folderOf(env)?.create()).toBe(false);
    expect(await readdir(join(home, "ada"))).toEqual([]);
    await mkdir(join(home, "ada/mcp-keys"), { mode: 0o700 });
    expect(folderOf(env)).toBeNull();
  });

  test.skipIf(process.platform !== "linux")("cannot be created in /proc, where nothing can", () => {
    expect(() => folderOf({ XDG_CACHE_HOME: "/proc" })?.create()).toThrow();
  });

  test("ignores a file with a second name", async () => {
    write();
    await link(inCache("list"), join(home, "second"));
    expect(read()).toEqual(new Map());
  });

  test.each([
    ["CI", "true"],
    ["NODE_DISABLE_COMPILE_CACHE", "1"],
    ["HOME", ""],
    ["HOME", "relative"],
  ])("is off with %s=%s", (name, value) => {
    expect(folderOf({ [name]: value })).toBeNull();
  });

  test("is in the cache folder of the platform, and off on Windows", () => {
    const pathOn = (platform: string, env = {}) => findCacheFolder({ HOME: "/home/ada", ...env }, platform, 1)?.path;
    expect(pathOn("darwin")).toBe("/home/ada/Library/Caches/mcp-keys");
    expect(pathOn("linux", { XDG_CACHE_HOME: "/var/ada" })).toBe("/var/ada/mcp-keys");
    expect(pathOn("linux", { XDG_CACHE_HOME: "relative" })).toBe("/home/ada/.cache/mcp-keys");
    expect(findCacheFolder({ HOME: "/home/ada" }, "win32", null)).toBeNull();
  });

  test("removes files that are older than a month", async () => {
    write("old");
    await utimes(inCache("old"), 1, 1);
    write();
    expect(await readdir(inCache(""))).toEqual(["list"]);
  });

  test("does without it if the folder cannot be written", async () => {
    await writeFile(join(home, ".cache"), "a file");
    write();
    expect(await readFile(join(home, ".cache"), "utf8")).toBe("a file");
    expect(read()).toEqual(new Map());
  });

  test("ignores code that is damaged, and says from which source it was compiled", () => {
    const file = fc.record({ source: fc.uint8Array(), code: fc.uint8Array() });
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), file),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (record, at, change) => {
          const cache = new Map(Object.entries(record));
          const bytes = encode(cache);
          expect(toArrays(decode(bytes))).toEqual(cache);
          expect(decodeDamaged(bytes.subarray(0, at % bytes.length)).size).toBe(0);
          bytes[at % bytes.length]! ^= change;
          for (const [name, { source, code }] of decodeDamaged(bytes)) {
            if (Buffer.compare(source, cache.get(name)!.source) === 0)
              expect(Uint8Array.from(code)).toEqual(cache.get(name)!.code);
          }
          expect(decodeDamaged(Buffer.alloc(bytes.length)).size).toBe(0);
        },
      ),
    );
  });
});
