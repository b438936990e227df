import { execFile, spawn } from "node:child_process";
import { appendFileSync, chownSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { chmod, link, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { KeysError } from "../../src/errors.ts";
import { openMergeSink, type MergeOptions } from "../../src/sinks/merge.ts";
import { freshFolder } from "./folder.ts";

const ROUNDS = process.env["MCP_KEYS_TORTURE"] === "1" ? 100 : 12;
const run = promisify(execFile);
const uid = process.getuid?.() ?? null;
const OTHER_USER = 65534;
const folder = freshFolder();
const at = (name: string): string => join(folder.path, name);
const failed = (message: RegExp) => ({ code: "DELIVERY_FAILED", message: expect.stringMatching(message) });
const append = (before: string, text: string): string => `${before}${text}\n`;

function openAt(name: string, options: Partial<MergeOptions> = {}) {
  return openMergeSink(at(name), { edit: append, uid, warn: () => undefined, ...options });
}

/** Delivers `new` to `.env`. */
async function merge(options: Partial<MergeOptions> = {}): Promise<void> {
  await (await openAt(".env", options)).deliver("new");
}

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

test("a missing file is created, and only its owner can read it", async () => {
  const warnings: string[] = [];
  await merge({ warn: (line) => warnings.push(line) });
  expect(await readFile(at(".env"), "utf8")).toBe("new\n");
  expect(await modeOf(at(".env"))).toBe("600");
  expect(await readdir(folder.path)).toEqual([".env"]);
  expect(warnings).toEqual([]);
});

test.each([
  [0o600, false],
  [0o400, false],
  [0o640, true],
  [0o644, true],
])("keeps mode %o, and warns if other users can read it: %s", async (mode, isWarned) => {
  const warnings: string[] = [];
  await writeFile(at(".env"), "old\n");
  await chmod(at(".env"), mode);
  await merge({ warn: (line) => warnings.push(line) });
  expect(await readFile(at(".env"), "utf8")).toBe("old\nnew\n");
  expect(await modeOf(at(".env"))).toBe(mode.toString(8));
  expect(warnings).toEqual(
    isWarned ? [`other users can read ${at(".env")}; fix it with: chmod 600 ${at(".env")}`] : [],
  );
});

test("keeps the owner and the group", async (ctx) => {
  if (uid !== 0) ctx.skip("needs root");
  await writeFile(at(".env"), "old\n", { mode: 0o640 });
  chownSync(at(".env"), OTHER_USER, OTHER_USER);
  await merge();
  const found = await stat(at(".env"));
  expect([found.uid, found.gid, found.mode & 0o777]).toEqual([OTHER_USER, OTHER_USER, 0o640]);
});

test("leaves the file alone after a discard", async () => {
  await writeFile(at(".env"), "old\n");
  await (await openAt(".env")).discard();
  expect(await readFile(at(".env"), "utf8")).toBe("old\n");
  expect(await readdir(folder.path)).toEqual([".env"]);
});

describe("refuses", () => {
  test.each([
    ["a link to a file", () => symlink("other", at(".env")), /is a symbolic link$/],
    ["a link to nothing", () => symlink("nothing", at(".env")), /is a symbolic link$/],
    ["a link to a device", () => symlink("/dev/null", at(".env")), /is not a file$/],
    ["a file with a second name", () => link(at("other"), at(".env")), /has a second name/],
    ["a folder", () => mkdir(at(".env")), /is a folder$/],
    ["a pipe", () => run("mkfifo", [at(".env")]), /is not a file$/],
    ["a huge file", () => writeFile(at(".env"), "x".repeat(1_048_577)), /larger than 1048576 bytes/],
  ])("%s", async (_, prepare, message) => {
    await writeFile(at("other"), "kept\n");
    await prepare();
    const before = await lstat(at(".env"));
    await expect(merge()).rejects.toMatchObject(failed(message));
    expect((await lstat(at(".env"))).ino).toBe(before.ino);
    expect(await readFile(at("other"), "utf8")).toBe("kept\n");
    expect((await readdir(folder.path)).sort()).toEqual([".env", "other"]);
  });

  test.each([
    ["UTF-16 with a byte order mark", Buffer.from("\uFEFFA=1\n", "utf16le")],
    ["UTF-16 without a byte order mark", Buffer.from("A=1\n", "utf16le")],
    ["invalid UTF-8", Buffer.from([0x41, 0x3d, 0xff, 0x0a])],
  ])("%s, when it is opened and when it is delivered", async (_, bytes) => {
    await writeFile(at(".env"), bytes);
    await expect(merge()).rejects.toMatchObject({ code: "USAGE", message: `${at(".env")} is not UTF-8 text` });
    await rm(at(".env"));
    const sink = await openAt(".env");
    await writeFile(at(".env"), bytes);
    await expect(sink.deliver("new")).rejects.toMatchObject(failed(/is not UTF-8 text$/));
    expect(await readFile(at(".env"))).toEqual(bytes);
    expect(await readdir(folder.path)).toEqual([".env"]);
  });

  test("a file of another user", async () => {
    await writeFile(at(".env"), "old\n");
    await expect(merge({ uid: (uid ?? 0) + 1 })).rejects.toMatchObject(failed(/belongs to another user$/));
  });

  test("a missing folder", async () => {
    await expect(openAt("none/.env")).rejects.toMatchObject(failed(/^the folder \S+none does not exist$/));
  });

  test("a file that its editor refuses, before the store is written", async () => {
    const edit = (): string => {
      throw new KeysError("USAGE", "line 1 is unclear");
    };
    await expect(openAt(".env", { edit })).rejects.toMatchObject({ code: "USAGE", message: "line 1 is unclear" });
    expect(await readdir(folder.path)).toEqual([]);
  });
});

describe("a file that changes meanwhile", () => {
  const replaceFile = (): void => {
    writeFileSync(at("next"), "A=1\n");
    renameSync(at("next"), at(".env"));
  };

  test.each([
    ["edited", () => appendFileSync(at(".env"), "A=1\n"), "old\nA=1\nnew\n"],
    ["replaced", replaceFile, "A=1\nnew\n"],
    ["removed", () => rmSync(at(".env")), "new\n"],
  ])("%s after it was opened: the edit is kept", async (_, change, expected) => {
    await writeFile(at(".env"), "old\n");
    const sink = await openAt(".env");
    change();
    await sink.deliver("new");
    expect(await readFile(at(".env"), "utf8")).toBe(expected);
    expect(await readdir(folder.path)).toEqual([".env"]);
  });

  test.each([
    ["edited", () => appendFileSync(at(".env"), "A=1\n"), "old\nA=1\nnew\n"],
    ["edited to a text of the same length", () => writeFileSync(at(".env"), "OLD\n"), "OLD\nnew\n"],
    ["replaced", replaceFile, "A=1\nnew\n"],
    ["removed", () => rmSync(at(".env")), "new\n"],
  ])("%s between reading and renaming: the edit starts again", async (_, change, expected) => {
    await writeFile(at(".env"), "old\n");
    let edits = 0;
    await merge({
      edit: (before, text) => {
        if (++edits === 2) change();
        return append(before, text);
      },
    });
    expect(await readFile(at(".env"), "utf8")).toBe(expected);
    expect(await readdir(folder.path)).toEqual([".env"]);
  });

  test("created between reading and renaming: the edit starts again", async () => {
    let edits = 0;
    await merge({
      edit: (before, text) => {
        if (++edits === 2) writeFileSync(at(".env"), "A=1\n", { mode: 0o640 });
        return append(before, text);
      },
    });
    expect(await readFile(at(".env"), "utf8")).toBe("A=1\nnew\n");
    expect(await modeOf(at(".env"))).toBe("640");
  });

  test("again and again: fails, and leaves the file as it is", async () => {
    let edits = 0;
    const edit = (before: string, text: string): string => {
      writeFileSync(at(".env"), `change ${String(++edits)}\n`);
      return append(before, text);
    };
    const sink = await openAt(".env", { edit });
    await expect(sink.deliver("new")).rejects.toMatchObject(failed(/^other processes keep changing \S+$/));
    expect(await readFile(at(".env"), "utf8")).toBe(`change ${String(edits)}\n`);
    expect(await readdir(folder.path)).toEqual([".env"]);
  });

  test("replaced by a link after it was opened: fails, and follows no link", async () => {
    const sink = await openAt(".env");
    await writeFile(at("victim"), "kept\n");
    await symlink("victim", at(".env"));
    await expect(sink.deliver("new")).rejects.toMatchObject(failed(/is a symbolic link$/));
    expect(await readFile(at("victim"), "utf8")).toBe("kept\n");
    expect((await readdir(folder.path)).sort()).toEqual([".env", "victim"]);
  });

  test("moved with its folder: fails, and the temporary file that is left is empty", async () => {
    await mkdir(at("gone"));
    await writeFile(at("gone/.env"), "old\n");
    const sink = await openAt("gone/.env");
    await rename(at("gone"), at("moved"));
    await expect(sink.deliver("new")).rejects.toMatchObject({ code: "DELIVERY_FAILED" });
    expect(await readFile(at("moved/.env"), "utf8")).toBe("old\n");
    const left = (await readdir(at("moved"))).filter((name) => name !== ".env");
    expect(left.map((name) => readFileSync(at(`moved/${name}`), "utf8"))).toEqual([""]);
  });
});

describe("in a separate process", () => {
  async function prepare(): Promise<(shell: string, name: string, text: string) => Promise<string>> {
    const script = at("deliver.mjs");
    const entryPoints = [join(import.meta.dirname, "deliver.main.ts")];
    await build({ entryPoints, outfile: script, bundle: true, platform: "node", format: "esm", logLevel: "error" });
    return async (shell, name, text) =>
      (await run("bash", ["-c", `${shell}; exec node "$0" "$1" "$2" merge`, script, at(name), text])).stdout;
  }

  test("a full disk leaves the old file and nothing else", async () => {
    const deliver = await prepare();
    await mkdir(at("small"));
    const mounted = await run("mount", ["-t", "tmpfs", "-o", "size=8k,nr_inodes=9", "none", at("small")]).then(
      () => true,
      () => false,
    );
    try {
      await writeFile(at("small/.env"), "old\n");
      // Without the right to mount a small disk, a file size limit makes the same write fail.
      if (mounted) await run("bash", ["-c", `head -c 4096 /dev/zero >"$0"`, at("small/filler")]);
      const [opened, failure] = (await deliver(mounted ? ":" : "ulimit -f 0", "small/.env", "new")).split("\n");
      expect(opened).toBe("opened");
      expect(JSON.parse(failure!)).toMatchObject(failed(mounted ? /^no space is left for/ : /^cannot write/));
      expect(await readFile(at("small/.env"), "utf8")).toBe("old\n");
      expect((await readdir(at("small"))).filter((name) => name !== "filler")).toEqual([".env"]);
    } finally {
      if (mounted) await run("umount", [at("small")]);
    }
  });

  test("a kill at any moment leaves the old file or the new one", async () => {
    await prepare();
    const old = `${"x".repeat(100_000)}\n`;
    const ends = new Set<string>();
    for (let i = 0; i < ROUNDS; i++) {
      await writeFile(at(".env"), old, { mode: 0o600 });
      const child = spawn("node", [at("deliver.mjs"), at(".env"), "new", "merge"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      child.stdout.once("data", () => setTimeout(() => child.kill("SIGKILL"), (i % 12) / 2));
      await new Promise((resolve) => child.once("close", resolve));
      const text = await readFile(at(".env"), "utf8");
      ends.add(text === old ? "old" : text === `${old}new\n` ? "new" : "torn");
    }
    expect(ends).not.toContain("torn");
    for (const name of await readdir(folder.path)) {
      if (name === "deliver.mjs") continue;
      expect(name).toMatch(/^(\.env|\.mcp-keys-[\w-]+\.tmp)$/);
      expect(await modeOf(at(name))).toBe("600");
    }
  });

  test("several at once lose none of their edits", async (ctx) => {
    if (process.platform !== "linux") ctx.skip("the lock needs Linux");
    await prepare();
    await writeFile(at(".env"), "old\n");
    const merges = Array.from({ length: 4 }, async (_, i) => {
      const names = Array.from({ length: ROUNDS }, (_, j) => `NAME_${String(i)}_${String(j)}=1`);
      expect((await run("node", [at("deliver.mjs"), at(".env"), names.join(" "), "merges"])).stdout).toBe("");
      return names;
    });
    const names = (await Promise.all(merges)).flat();
    expect(readFileSync(at(".env"), "utf8").trim().split("\n").sort()).toEqual([...names, "old"].sort());
  });
});
