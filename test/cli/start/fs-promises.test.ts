import { spawnSync } from "node:child_process";
import { constants } from "node:fs";
import * as node from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as ours from "../../../src/cli/start/fs-promises.ts";

let folder: string;
beforeAll(async () => {
  folder = await node.mkdtemp(join(tmpdir(), "mcp-keys-fs-"));
  await node.writeFile(join(folder, "file"), "content");
  await node.symlink("file", join(folder, "link"));
});
afterAll(() => node.rm(folder, { recursive: true }));

type Files = Record<keyof typeof ours, (...args: unknown[]) => Promise<unknown>>;
type Handle = Awaited<ReturnType<typeof node.open>>;

/** Returns the result, or the error as programs see it. */
async function outcomeOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    const value = await work();
    return { value };
  } catch (error) {
    const { code, syscall, path, dest, message } = error as NodeJS.ErrnoException & { dest?: string };
    return { code, syscall, path, dest, message };
  }
}

const CALLS: readonly [string, (fs: Files, name: string) => Promise<unknown>][] = [
  ["access", (fs, name) => fs.access(join(folder, name), constants.R_OK)],
  ["lstat", (fs, name) => fs.lstat(join(folder, name), { bigint: true })],
  ["stat", (fs, name) => fs.stat(join(folder, name))],
  ["readdir", (fs, name) => fs.readdir(join(folder, name))],
  ["readdir as bytes", (fs, name) => fs.readdir(join(folder, name), { encoding: "buffer" })],
  ["readFile", (fs, name) => fs.readFile(join(folder, name), "utf8")],
  ["realpath", (fs, name) => fs.realpath(join(folder, name))],
  ["mkdir", (fs, name) => fs.mkdir(join(folder, name), { recursive: name === "" })],
  ["link", (fs, name) => fs.link(join(folder, name), join(folder, "file"))],
  ["rename", (fs, name) => fs.rename(join(folder, name, "none"), join(folder, "other"))],
  ["unlink", (fs, name) => fs.unlink(join(folder, name, "none"))],
  ["writeFile", (fs, name) => fs.writeFile(join(folder, name, "none"), "text")],
  ["open", (fs, name) => fs.open(join(folder, name), "wx").then(() => "opened")],
];

test.each(CALLS)("%s answers as in node:fs/promises", (_, ask) => compare(ask));

test.skipIf(process.platform === "win32")(
  "an open that may wait for another process does not stop this one",
  async () => {
    const pipe = join(folder, "pipe");
    spawnSync("mkfifo", [pipe]);
    const opening = ours.open(pipe, "r");
    await node.writeFile(pipe, "content");
    const handle = await opening;
    expect(await handle.readFile("utf8")).toBe("content");
    await handle.close();
  },
);

async function compare(ask: (fs: Files, name: string) => Promise<unknown>): Promise<void> {
  for (const name of ["file", "link", "", "none/none", "file/none", "\0"]) {
    const [found, wanted] = [
      await outcomeOf(() => ask(ours as unknown as Files, name)),
      await outcomeOf(() => ask(node as unknown as Files, name)),
    ];
    expect(found, name).toEqual(wanted);
  }
}

const { O_RDWR, O_CREAT, O_TRUNC, O_NONBLOCK = 0 } = constants as Partial<typeof constants>;

test.each([
  ["that may wait", "w+"],
  ["that never waits", O_RDWR! | O_CREAT! | O_TRUNC! | O_NONBLOCK],
])("a handle %s reads and writes as one of node:fs/promises", async (_, flags) => {
  const results: unknown[] = [];
  for (const open of [node.open, ours.open as unknown as typeof node.open]) {
    const path = join(folder, `handle-${String(results.length)}`);
    const done: unknown[] = [];
    const handle: Handle = await open(path, flags, 0o600);
    done.push(await handle.write(Buffer.from("abcdef")), await handle.write(Buffer.from("xyz"), 1, 2, 3));
    await handle.appendFile("!");
    await handle.sync();
    await handle.chmod(0o640);
    done.push((await handle.stat({ bigint: true })).size, (await handle.stat()).mode);
    done.push(await handle.read(Buffer.alloc(4), 1, 2, 0), await handle.readFile("utf8"));
    await handle.truncate();
    await handle.writeFile("end");
    done.push(handle.fd > 2);
    await handle.close();
    await handle.close();
    done.push(handle.fd, await handle.stat().catch((error: unknown) => (error as NodeJS.ErrnoException).code));
    done.push(await node.readFile(path, "latin1"));
    const again = await open(path, constants.O_RDONLY);
    for await (const chunk of again.createReadStream({ autoClose: false })) done.push(String(chunk));
    await again.close();
    results.push(done);
  }
  expect(results[1]).toEqual(results[0]);
});

// Last, because later calls use threads.
test("a process of many calls gets the same answers, and notices signals between them", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  for (let i = 0; i < 1_000; i++) await ours.lstat(folder);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(0);
  await node.rm(join(folder, "none"));
  for (const [, ask] of CALLS) await compare(ask);
});
