import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { execPath } from "node:process";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Acknowledgement } from "../../../src/core/follower.ts";
import { KeysError } from "../../../src/errors.ts";
import type { MachineClock } from "../../../src/process/machine-clock.ts";
import { realDisk, type Disk } from "../../../src/stores/journal/disk/disk.ts";
import { FollowerFiles } from "../../../src/stores/journal/follower-files.ts";
import { formatFollower, parseFollower } from "../../../src/stores/journal/format/follower-file.ts";
import { aDraft, aFolder, aWorld, keyNo, openIn } from "../place.ts";

const DAY = 86_400_000;
const NEWS: Acknowledgement = {
  ...{ id: "follower-0001", name: "web-1", position: { epoch: "first", seq: 1 }, lease: 60_000, version: "0.1.0" },
};
const news = (seq: number, id = NEWS.id) => ({ ...NEWS, id, position: { epoch: "first", seq } });

/** A clock of a machine that only moves when the test moves it. */
function aClock(scope: string | null = "0123456789ab") {
  const time = { ticks: 1_000, now: Date.now() };
  const clock: MachineClock = { scope, ticks: () => time.ticks, now: () => time.now };
  const pass = (ms: number) => Object.assign(time, { ticks: time.ticks + ms, now: time.now + ms });
  return { time, clock, pass };
}

async function aPlace(group?: "read" | "write") {
  const folder = await aFolder();
  const location = { path: join(folder, "keys.jsonl"), uid: aWorld().uid, ownsFolder: false, group };
  const open = (clock: MachineClock = aClock().clock, disk: Partial<Disk> = {}) => {
    const files = new FollowerFiles({ ...realDisk, ...disk }, location, clock);
    onTestFinished(() => files.close());
    return files;
  };
  const names = async () => (await readdir(folder)).filter((name) => name.includes(".follower."));
  const path = async () => join(folder, (await names())[0]!);
  return { folder, location, open, names, path };
}

describe("the file of a follower", () => {
  test("is overwritten in place and keeps its size, so a full disk does not matter", async () => {
    const { open, path, names } = await aPlace();
    const files = open();
    await files.acknowledge(news(1));
    const before = await stat(await path());
    expect(before).toMatchObject({ size: 1024 });
    expect(before.mode & 0o777).toBe(0o600);
    for (const seq of [2, 99_999_999]) await files.acknowledge(news(seq));
    expect(await stat(await path())).toMatchObject({ ino: before.ino, size: 1024, blocks: before.blocks });
    expect(await names()).toHaveLength(1);
  });

  test("is read with few others at once, because a process may not open many files", async () => {
    const { open, location } = await aPlace();
    const name = (n: number): string => `${location.path}.follower.${String(n).padStart(16, "0")}`;
    await Promise.all(Array.from({ length: 500 }, async (_, n) => writeFile(name(n), "{}", { mode: 0o600 })));
    let [now, most] = [0, 0];
    const counted: Disk["open"] = async (...args) => {
      const handle = await realDisk.open(...args);
      const close = handle.close.bind(handle);
      most = Math.max(most, ++now);
      return Object.assign(handle, { close: () => close().finally(() => now--) });
    };
    expect(await open(undefined, { open: counted }).list()).toHaveLength(500);
    expect(most).toBeLessThan(100);
  });

  test("needs no flush", async () => {
    const { open } = await aPlace();
    let flushes = 0;
    const count = async (): Promise<void> => {
      flushes++;
    };
    const disk: Partial<Disk> = {
      open: async (...args) => Object.assign(await realDisk.open(...args), { sync: count, datasync: count }),
    };
    await open(undefined, disk).acknowledge(NEWS);
    expect(flushes).toBe(0);
  });

  test("is made again if somebody removes it", async () => {
    const { open, path } = await aPlace();
    const files = open();
    await files.acknowledge(NEWS);
    await unlink(await path());
    expect(await open().list()).toEqual([]);
    await files.acknowledge(news(2));
    expect(await open().list()).toMatchObject([{ position: { seq: 2 } }]);
  });

  test("is made again where the store is now, if its folder was replaced by a copy", async () => {
    const { open, folder } = await aPlace();
    const files = open();
    await files.acknowledge(NEWS);
    await rename(folder, `${folder}.old`);
    onTestFinished(() => rm(`${folder}.old`, { recursive: true }));
    await cp(`${folder}.old`, folder, { recursive: true });
    await chmod(folder, 0o700);
    await files.acknowledge(news(2));
    expect(await open().list()).toMatchObject([{ position: { seq: 2 } }]);
  });

  test("can be read and written by the group that may write to the store", async () => {
    const { open, path, folder } = await aPlace("write");
    await chmod(folder, 0o770);
    await open().acknowledge(NEWS);
    expect((await stat(await path())).mode & 0o777).toBe(0o660);
  });

  test("is removed when its verifier stops, also by another process", async () => {
    const { open, names } = await aPlace();
    const files = open();
    await files.acknowledge(NEWS);
    await open().unfollow(NEWS.id);
    expect(await names()).toEqual([]);
    await files.acknowledge(NEWS);
    expect(await names()).toHaveLength(1);
  });

  test("is removed with the store", async () => {
    const folder = await aFolder();
    const store = await openIn(folder);
    await store.write(aDraft([keyNo(1)]));
    await store.acknowledge(NEWS);
    expect((await readdir(folder)).filter((name) => name.includes(".follower."))).toHaveLength(1);
    await store.remove({ at: 2_000, by: "ada@laptop", detail: "to another store", seq: 1 });
    expect(await readdir(folder)).toEqual([]);
  });

  test("keeps every member, and is rejected with any byte changed", () => {
    const record = { ...NEWS, mark: null, scope: "0123456789ab", ticks: 5, at: 7 };
    const bytes = formatFollower({ ...record, position: { epoch: "e".repeat(64), seq: Number.MAX_SAFE_INTEGER } });
    expect(bytes).toHaveLength(1024);
    expect(parseFollower(bytes)).toMatchObject({ ...record, position: { epoch: "e".repeat(64) } });
    const end = bytes.lastIndexOf("}") + 1;
    for (let at = 0; at < end; at++) {
      const altered = Buffer.from(bytes);
      altered[at]! ^= 1;
      expect(parseFollower(altered), `byte ${String(at)}`).toBeNull();
      expect(parseFollower(bytes.subarray(0, at))).toBeNull();
    }
  });
});

describe("the age of an acknowledgement", () => {
  test("is counted by the ticks of the machine, whatever happens to its wall clock", async () => {
    const { open } = await aPlace();
    const { clock, pass, time } = aClock();
    const files = open(clock);
    await files.acknowledge(NEWS);
    pass(1_500);
    for (const jump of [0, 2 * DAY, -4 * DAY]) {
      time.now += jump;
      expect(await files.list()).toMatchObject([{ leaseLeft: 58_500, seenAgo: 1_500 }]);
    }
  });

  test.each([
    ["another machine", "ba9876543210"],
    ["an unknown machine", null],
  ] as const)("is counted by the wall clock for a process of %s", async (_, scope) => {
    const { open } = await aPlace();
    const [mine, other] = [aClock(), aClock(scope)];
    other.time.ticks = 99_999_999;
    await open(other.clock).acknowledge(NEWS);
    mine.time.now = other.time.now + 1_500;
    expect(await open(mine.clock).list()).toMatchObject([{ leaseLeft: 58_500, seenAgo: 1_500 }]);
    // A clock that went back must not end a lease.
    mine.time.now = other.time.now - DAY;
    expect(await open(mine.clock).list()).toMatchObject([{ leaseLeft: 60_000, seenAgo: 0 }]);
  });

  test("drops a follower from the list, and its file, after a day", async () => {
    const { open, names } = await aPlace();
    const { clock, pass } = aClock();
    const files = open(clock);
    await files.acknowledge(NEWS);
    pass(DAY);
    expect(await files.list()).toMatchObject([{ leaseLeft: 60_000 - DAY }]);
    pass(1);
    expect(await files.list()).toEqual([]);
    expect(await names()).toEqual([]);
    await files.acknowledge(news(2));
    expect(await files.list()).toHaveLength(1);
  });
});

describe("a process that has certainly ended", () => {
  test("is not listed, and its file is removed", async () => {
    const { open, names, location } = await aPlace();
    const program = `
      import { openStore } from "mcp-keys";
      const store = await openStore(process.argv[1]);
      await store.acknowledge(JSON.parse(process.argv[2]));
      console.log("acknowledged");
      setInterval(() => {}, 1_000);
    `;
    const args = ["--input-type=module", "-e", program, `file:${location.path}`, JSON.stringify(NEWS)];
    const child = spawn(execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    await once(child.stdout, "data");
    expect(await open().list()).toMatchObject([{ id: NEWS.id }]);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await open().list()).toEqual([]);
    expect(await names()).toEqual([]);
  });
});

describe("a file that cannot be trusted", () => {
  test.each<[string, (path: string) => Promise<void>]>([
    ["an altered one", async (path) => writeFile(path, (await readFile(path, "utf8")).replace('"seq":1', '"seq":9'))],
    ["one of a later version", async (path) => writeFile(path, '{"v":2}'.padEnd(1024))],
    ["one that was cut short", (path) => truncate(path, 100)],
    ["one that others can write", (path) => chmod(path, 0o666)],
    ["other text", (path) => writeFile(path, "x".repeat(2_000))],
  ])("counts as a follower at an unknown position for a day: %s", async (_, spoil) => {
    const { open, path, names } = await aPlace();
    const { clock, time } = aClock();
    const files = open(clock);
    await files.acknowledge(NEWS);
    await spoil(await path());
    const { mtimeMs } = await stat(await path());
    time.now = Math.ceil(mtimeMs) + 5_000;
    const [unknown, ...others] = await files.list();
    expect(others).toEqual([]);
    expect(unknown).toMatchObject({ name: "unknown", position: { epoch: "unknown", seq: 0 }, version: "unknown" });
    expect(unknown?.leaseLeft).toBeGreaterThan(60_000);
    time.now += DAY;
    expect(await files.list()).toEqual([]);
    expect(await names()).toEqual([]);
  });

  test("is written whole by its server at the next acknowledgement", async () => {
    const { open, path } = await aPlace();
    const files = open();
    await files.acknowledge(NEWS);
    await writeFile(await path(), "x".repeat(1024));
    await files.acknowledge(news(2));
    expect(await open().list()).toMatchObject([{ name: "web-1", position: { seq: 2 } }]);
  });

  test.each([0, 1024])("is ignored if nothing was acknowledged with it: %i zeros", async (size) => {
    const { open, path, names } = await aPlace();
    const { clock, time } = aClock();
    const files = open(clock);
    await files.acknowledge(NEWS);
    await writeFile(await path(), Buffer.alloc(size));
    expect(await files.list()).toEqual([]);
    expect(await names()).toHaveLength(1);
    await utimes(await path(), 0, 0);
    time.now = Date.now();
    expect(await files.list()).toEqual([]);
    expect(await names()).toEqual([]);
  });

  test("is ignored if it is a link or a folder, and no acknowledgement follows the link", async () => {
    const { open, path, folder, names } = await aPlace();
    const files = open();
    await files.acknowledge(NEWS);
    const name = await path();
    await files.close();
    await unlink(name);
    await writeFile(join(folder, "target"), "mine");
    await symlink(join(folder, "target"), name);
    await mkdir(join(folder, "keys.jsonl.follower.0123456789abcdef"));
    expect(await files.list()).toEqual([]);
    await expect(files.acknowledge(NEWS)).rejects.toMatchObject({ code: "STORE_INSECURE" });
    expect(await readFile(join(folder, "target"), "utf8")).toBe("mine");
    expect(await names()).toHaveLength(2);
  });
});

describe("a disk that fails", () => {
  const failing = (code: string): Partial<Disk> => ({
    open: (async (path: string, flags: number, mode: number) => {
      if (path.includes(".follower.")) throw Object.assign(new Error(code), { code });
      return realDisk.open(path, flags, mode);
    }) as Disk["open"],
  });

  test.each(["EACCES", "EPERM", "EROFS"])("says that the store is read-only for this process (%s)", async (code) => {
    const { open } = await aPlace();
    const fault = await open(undefined, failing(code))
      .acknowledge(NEWS)
      .catch((cause: unknown) => cause);
    expect(fault).toBeInstanceOf(KeysError);
    expect(fault).toMatchObject({ code: "STORE_READ_ONLY" });
  });

  test.each(["ENOSPC", "EIO", "EMFILE"])("says that the store is unavailable otherwise (%s)", async (code) => {
    const { open } = await aPlace();
    await expect(open(undefined, failing(code)).acknowledge(NEWS)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });

  test("a server without permission to read a file lists it at an unknown position", async () => {
    const { open } = await aPlace();
    await open().acknowledge(NEWS);
    expect(await open(undefined, failing("EACCES")).list()).toMatchObject([{ name: "unknown" }]);
    await expect(open(undefined, failing("EIO")).list()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });
});
