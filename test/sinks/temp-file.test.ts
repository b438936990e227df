import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readdir, readFile, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, type TestContext } from "vitest";
import { processMark } from "../../src/process/process-mark.ts";
import { openFileSink } from "../../src/sinks/file.ts";
import { openMergeSink } from "../../src/sinks/merge.ts";
import { openNamelessFile } from "../../src/sinks/nameless-file.ts";
import type { Sink } from "../../src/sinks/sink.ts";
import { freshFolder } from "./folder.ts";

const HOUR = 3_600;
const uid = process.getuid?.() ?? null;
const folder = freshFolder();
const at = (name: string): string => join(folder.path, name);

const sinks: Record<string, () => Promise<Sink>> = {
  file: () => openFileSink(at("out"), { force: true, uid }),
  merge: () => openMergeSink(at("out"), { edit: (before, text) => before + text, uid, warn: () => undefined }),
};

function nameOf(mark: string | null): string {
  return `.mcp-keys-${mark === null ? "" : `${mark}-`}${randomBytes(8).toString("hex")}.tmp`;
}

/** Creates a file that was last changed some seconds ago, and returns its name. */
async function place(name: string, age = 0): Promise<string> {
  await writeFile(at(name), "a token", { mode: 0o600 });
  const changed = Date.now() / 1000 - age;
  await utimes(at(name), changed, changed);
  return name;
}

function needsMarks(ctx: TestContext): string {
  const own = processMark();
  if (own === null) ctx.skip("needs /proc of this process");
  return own;
}

describe.each(Object.entries(sinks))("the %s sink", (_, openSink) => {
  test("removes the temporary file of a killed run at once, and no file of a run that may still be going", async (ctx) => {
    const own = needsMarks(ctx);
    await place(nameOf(own.replace(/-\d+-/, "-999999999-")));
    const elsewhere = own.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
    const kept = [
      await place(nameOf(own), HOUR - 60),
      await place(nameOf(elsewhere.replace(/-\d+-/, "-999999999-")), HOUR - 60),
      await place(nameOf(null), HOUR - 60),
    ];
    await (await openSink()).deliver("x");
    expect((await readdir(folder.path)).sort()).toEqual([...kept, "out"].sort());
  });

  test("removes the temporary file of an unknown process an hour later, but nothing else", async () => {
    await place(nameOf(null), HOUR + 60);
    await place(nameOf("0123456789ab-1-1"), HOUR + 60);
    const kept = [await place(".mcp-keys-notes.tmp", 2 * HOUR), await place("mcp-keys.key", 2 * HOUR)];
    const old = Date.now() / 1000 - 2 * HOUR;
    const aFolder = nameOf(null);
    await mkdir(at(aFolder));
    await utimes(at(aFolder), old, old);
    const aLink = nameOf(null);
    await symlink(at("mcp-keys.key"), at(aLink));
    await (await openSink()).deliver("x");
    expect((await readdir(folder.path)).sort()).toEqual([...kept, aFolder, aLink, "out"].sort());
  });

  test("keeps the files of deliveries that go on side by side", async () => {
    const first = await openSink();
    const [temp] = await readdir(folder.path);
    const second = await openSink();
    expect(await readdir(folder.path)).toContain(temp);
    await second.deliver("second");
    await first.deliver("first");
    expect(await readdir(folder.path)).toEqual(["out"]);
  });
});

test("removes the temporary file of a killed run before it refuses to replace a file", async (ctx) => {
  const own = needsMarks(ctx);
  await place(nameOf(own.replace(/-\d+-/, "-999999999-")));
  await place("out");
  await expect(openFileSink(at("out"), { force: false, uid })).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
  expect(await readdir(folder.path)).toEqual(["out"]);
});

describe("a file without a name", () => {
  const TEXT = "keyset ".repeat(20_000);
  const refuse = () => Promise.reject(new Error("no O_TMPFILE"));

  test.each([
    ["on Linux", undefined],
    ["elsewhere", refuse],
  ])("passes a text to another process, and leaves nothing in its folder, %s", async (_, asTemporary) => {
    const file = await openNamelessFile(TEXT, folder.path, asTemporary);
    expect(await readdir(folder.path)).toEqual([]);
    const { stdout } = spawnSync("cat", { stdio: [file.fd, "pipe", "inherit"], encoding: "utf8" });
    await file.close();
    expect(stdout).toBe(TEXT);
  });

  test("never has a name where the file system allows it", async (ctx) => {
    if (process.platform !== "linux") ctx.skip("needs O_TMPFILE");
    const O_TMPFILE = 0o20_000_000;
    const isAllowed = await open(folder.path, O_TMPFILE | constants.O_DIRECTORY | constants.O_RDWR).then(
      (file) => file.close().then(() => true),
      () => false,
    );
    const file = await openNamelessFile(TEXT, folder.path);
    const info = await readFile(`/proc/self/fdinfo/${String(file.fd)}`, "utf8");
    await file.close();
    const flags = Number.parseInt(/^flags:\s*([0-7]+)/m.exec(info)![1]!, 8);
    expect((flags & O_TMPFILE) !== 0).toBe(isAllowed);
  });

  test("reports a missing folder", async () => {
    await expect(openNamelessFile(TEXT, at("none"))).rejects.toMatchObject({ code: "DELIVERY_FAILED" });
  });
});
