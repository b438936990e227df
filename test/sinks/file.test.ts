import { execFile, spawn, type ChildProcess, type ExecFileOptions } from "node:child_process";
import {
  chmod,
  chown,
  constants,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { fileFault } from "../../src/sinks/file-fault.ts";
import { openFileSink } from "../../src/sinks/file.ts";
import type { Sink } from "../../src/sinks/sink.ts";
import { placeTempFile, placeWithoutLink } from "../../src/sinks/temp-file.ts";
import { freshFolder } from "./folder.ts";

const run = promisify(execFile);
const uid = process.getuid?.() ?? null;
const OTHER_USER = 65534;
const TEXT = "mcp_token\n";
const folder = freshFolder();
const at = (name: string): string => join(folder.path, name);
const openAt = (name: string, force = false) => openFileSink(at(name), { force, uid });
const failed = (message: RegExp) => ({ code: "DELIVERY_FAILED", message: expect.stringMatching(message) });

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

describe("a new file", () => {
  test("contains the text, is readable by its owner only, and leaves no other file", async () => {
    const sink = await openAt("key");
    expect(await readdir(folder.path)).toHaveLength(1); // the temporary file
    await expect(stat(at("key"))).rejects.toMatchObject({ code: "ENOENT" });

    expect(await sink.deliver(TEXT)).toEqual({ to: `file:${at("key")}` });

    expect(await readFile(at("key"), "utf8")).toBe(TEXT);
    expect(await modeOf(at("key"))).toBe("600");
    expect(await readdir(folder.path)).toEqual(["key"]);
    expect((await stat(at("key"))).nlink).toBe(1);
  });

  test("may be read by everyone if it is public", async () => {
    for (const force of [false, true]) {
      const sink = await openFileSink(at("keyset"), { force, uid, isPublic: true });
      const [temp] = (await readdir(folder.path)).filter((name) => name.startsWith("."));
      expect(await modeOf(at(temp!))).toBe("600");
      await sink.deliver(TEXT);
      expect(await modeOf(at("keyset"))).toBe("644");
      await writeFile(at("keyset"), "old", { mode: 0o600 });
    }
  });

  test("leaves nothing after a discard", async () => {
    await (await openAt("key")).discard();
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("does not replace a file created after the sink was opened", async () => {
    const sink = await openAt("key");
    await writeFile(at("key"), "another file");

    await expect(sink.deliver(TEXT)).rejects.toMatchObject(failed(/another process created \S+ in the meantime$/));

    expect(await readFile(at("key"), "utf8")).toBe("another file");
    expect(await readdir(folder.path)).toEqual(["key"]);
  });

  test("does not follow a link created after the sink was opened", async () => {
    const sink = await openAt("key");
    await symlink(at("victim"), at("key"));

    await expect(sink.deliver(TEXT)).rejects.toMatchObject(failed(/in the meantime$/));

    expect(await readdir(folder.path)).toEqual(["key"]);
  });

  test("is written by exactly one of twenty concurrent deliveries", async () => {
    const opened = await Promise.all(Array.from({ length: 20 }, () => openAt("key")));
    const texts = opened.map((_, i) => `token-${i}\n`);
    const results = await Promise.allSettled(opened.map((sink, i) => sink.deliver(texts[i]!)));

    const winners = texts.filter((_, i) => results[i]?.status === "fulfilled");
    expect(winners).toHaveLength(1);
    expect(await readFile(at("key"), "utf8")).toBe(winners[0]);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "DELIVERY_FAILED" });
    }
    expect(await readdir(folder.path)).toEqual(["key"]);
  });
});

describe("an existing file", () => {
  test.each([false, true])("is refused if it is a link to anything (force: %s)", async (force) => {
    await writeFile(at("file"), "kept");
    for (const [name, to] of Object.entries({
      toFile: "file",
      toNothing: "nothing",
      toFolder: ".",
      toItself: "toItself",
    })) {
      await symlink(to, at(name));
      await expect(openAt(name, force)).rejects.toMatchObject(failed(/is a symbolic link$/));
      expect(await readlink(at(name))).toBe(to);
    }
    expect(await readFile(at("file"), "utf8")).toBe("kept");
    expect(await readdir(folder.path)).toHaveLength(5);
  });

  test("is not replaced without force, and no temporary file is created", async () => {
    await writeFile(at("key"), "old");
    await expect(openAt("key")).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
    expect(await readdir(folder.path)).toEqual(["key"]);
  });

  test("is replaced with force, and open readers still see the whole old file", async () => {
    await writeFile(at("key"), "old", { mode: 0o644 });
    const reader = await open(at("key"));
    const sink = await openAt("key", true);
    expect(await readFile(at("key"), "utf8")).toBe("old");

    await sink.deliver(TEXT);

    expect(await readFile(at("key"), "utf8")).toBe(TEXT);
    expect(await modeOf(at("key"))).toBe("600");
    expect(await reader.readFile("utf8")).toBe("old");
    await reader.close();
    expect(await readdir(folder.path)).toEqual(["key"]);
  });

  test("is kept after a discard, even with force", async () => {
    await writeFile(at("key"), "old");
    await (await openAt("key", true)).discard();
    expect(await readFile(at("key"), "utf8")).toBe("old");
    expect(await readdir(folder.path)).toEqual(["key"]);
  });

  test("is replaced with force if it became a link, and the link target is not touched", async () => {
    await writeFile(at("victim"), "kept");
    const sink = await openAt("key", true);
    await symlink(at("victim"), at("key"));

    await sink.deliver(TEXT);

    expect(await readFile(at("victim"), "utf8")).toBe("kept");
    expect((await lstat(at("key"))).isFile()).toBe(true);
  });

  test("fails if it became a folder, and leaves no temporary file", async () => {
    const sink = await openAt("key", true);
    await mkdir(at("key"));

    await expect(sink.deliver(TEXT)).rejects.toMatchObject({ code: "DELIVERY_FAILED" });

    expect(await readdir(folder.path)).toEqual(["key"]);
    expect(await readdir(at("key"))).toEqual([]);
  });
});

describe("an unusable path", () => {
  test.each([
    ["a folder", ".", /is a folder$/, /name a file in it/],
    ["a new name with a trailing slash", "new/", /is a folder$/, /name a file in it/],
    [
      "in a missing folder",
      "none/key",
      /^the folder \S+none does not exist$/,
      /^create it with: mkdir -p -m 700 \S+none$/,
    ],
    [
      "in a missing folder with a space in its name",
      "no ne/key",
      /^the folder .*no ne does not exist$/,
      /mkdir -p -m 700 '.*no ne'$/,
    ],
    ["in a file", "file/key", /file is not a folder$/, /another file/],
    ["too long", "k".repeat(300), /too long$/, /shorter/],
    ["with a NUL character", "a\0b", /cannot write/, /another file/],
  ])("%s fails before anything is written", async (_, name, message, hint) => {
    await writeFile(at("file"), "");
    const path = `${folder.path}/${name}`;
    await expect(openFileSink(path, { force: true, uid })).rejects.toMatchObject({
      ...failed(message),
      hint: expect.stringMatching(hint),
    });
    expect(await readdir(folder.path)).toEqual(["file"]);
  });

  test("a name of the maximum length works", async () => {
    await (await openAt("k".repeat(255))).deliver(TEXT);
    expect(await readFile(at("k".repeat(255)), "utf8")).toBe(TEXT);
  });

  test("a socket is refused", async () => {
    const server = createServer().listen(at("socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    await expect(openAt("socket", true)).rejects.toMatchObject(failed(/neither a file nor a pipe/));
    server.close();
  });
});

test("fails if the folder disappears before the delivery", async () => {
  await mkdir(at("gone"));
  const sink = await openAt("gone/key");
  await rename(at("gone"), at("moved"));

  await expect(sink.deliver(TEXT)).rejects.toMatchObject(failed(/the folder .* does not exist/));

  const [left] = await readdir(at("moved"));
  expect(await readFile(at(`moved/${left}`), "utf8")).toBe(""); // cannot be removed, but contains no token
});

test("succeeds if the name is taken by the same file: NFS repeated the request", async () => {
  await writeFile(at("temp"), TEXT);
  await link(at("temp"), at("key"));
  await placeTempFile(at("temp"), at("key"), false);
  expect(await readdir(folder.path)).toEqual(["key"]);
});

describe("without hard links", () => {
  test("a new file appears whole, and an existing one is kept", async () => {
    await writeFile(at("temp"), TEXT, { mode: 0o600 });
    await placeWithoutLink(at("temp"), at("key"));
    expect(await readFile(at("key"), "utf8")).toBe(TEXT);
    expect(await modeOf(at("key"))).toBe("600");

    await writeFile(at("temp"), "second");
    await expect(placeWithoutLink(at("temp"), at("key"))).rejects.toMatchObject({ code: "EEXIST" });
    expect(await readFile(at("key"), "utf8")).toBe(TEXT);
  });

  test("a failed rename leaves no empty file", async () => {
    await mkdir(at("temp")); // a folder cannot be linked, nor renamed to the name of a file
    await expect(placeTempFile(at("temp"), at("key"), false)).rejects.toMatchObject({ code: "ENOTDIR" });
    expect(await readdir(folder.path)).toEqual(["temp"]);
  });
});

describe("a pipe or a device", () => {
  /** Reads in a separate process, because our open files are inherited for a moment by every process we start. */
  async function readPipe(): Promise<{ process: ChildProcess; output: Promise<string> }> {
    await run("mkfifo", [at("pipe")]);
    const reader = spawn("cat", [at("pipe")], { stdio: ["ignore", "pipe", "inherit"] });
    return { process: reader, output: text(reader.stdout) };
  }

  /** Retries, because opening for writing fails until the reader has opened its end. */
  async function openWhenRead(): Promise<Sink> {
    for (let i = 0; i < 500; i++) {
      const sink = await openAt("pipe").catch(() => null);
      if (sink !== null) return sink;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return openAt("pipe");
  }

  test("receives the text if it has a reader", async () => {
    const reader = await readPipe();
    const sink = await openWhenRead();
    expect(await sink.deliver(TEXT)).toEqual({ to: `file:${at("pipe")}` });
    expect(await reader.output).toBe(TEXT);
    expect((await stat(at("pipe"))).isFIFO()).toBe(true);
  });

  test("fails at once if it has no reader", async () => {
    await run("mkfifo", [at("pipe")]);
    await expect(openAt("pipe", true)).rejects.toMatchObject(failed(/^nothing reads/));
  });

  test("fails on delivery if the reader has gone", async () => {
    const reader = await readPipe();
    const sink = await openWhenRead();
    reader.process.kill();
    await reader.output;
    await expect(sink.deliver(TEXT)).rejects.toMatchObject(failed(/^nothing reads \S+ any more$/));
  });

  test("is refused if it belongs to another user, even with a reader", async () => {
    await run("mkfifo", [at("pipe")]);
    if (uid === 0) await chown(at("pipe"), OTHER_USER, OTHER_USER);
    const reader = await open(at("pipe"), constants.O_RDONLY | constants.O_NONBLOCK);
    const otherUser = uid === 0 ? 0 : (uid ?? 0) + 1;
    await expect(openFileSink(at("pipe"), { force: true, uid: otherUser })).rejects.toMatchObject(
      failed(/belongs to another user/),
    );
    await reader.close();
  });

  test("fails if it accepts no data (/dev/full), and works if it accepts any (/dev/null)", async () => {
    await expect((await openFileSink("/dev/full", { force: false, uid })).deliver(TEXT)).rejects.toMatchObject({
      code: "DELIVERY_FAILED",
    });
    await (await openFileSink("/dev/null", { force: false, uid })).deliver(TEXT);
    expect((await stat("/dev/null")).isCharacterDevice()).toBe(true);
  });
});

describe("in a separate process", () => {
  let script = "";
  async function prepare(): Promise<void> {
    await chmod(folder.path, 0o755);
    script = at("deliver.mjs");
    const entryPoints = [join(import.meta.dirname, "deliver.main.ts")];
    await build({ entryPoints, outfile: script, bundle: true, platform: "node", format: "esm", logLevel: "error" });
  }
  const deliver = (shell: string, name: string, options: ExecFileOptions = {}) =>
    run("bash", ["-c", `${shell}; exec node "$0" "$1" "$2"`, script, at(name), TEXT], { ...options, encoding: "utf8" });

  test("the file mode is 600 under any umask", async () => {
    await prepare();
    for (const mask of ["000", "777"]) {
      expect((await deliver(`umask ${mask}`, `key-${mask}`)).stdout).toBe("opened\ndelivered\n");
      expect(await modeOf(at(`key-${mask}`))).toBe("600");
    }
  });

  test("fails on opening if the folder is read-only", async () => {
    await prepare();
    await mkdir(at("closed"));
    await chmod(at("closed"), 0o555);
    const user = uid === 0 ? { uid: OTHER_USER, gid: OTHER_USER } : {};
    expect(JSON.parse((await deliver(":", "closed/key", { ...user, cwd: "/" })).stdout)).toMatchObject({
      code: "DELIVERY_FAILED",
      message: `cannot write in ${at("closed")}: permission denied`,
    });
  });

  test("leaves no partial file if the disk is full", async () => {
    await prepare();
    await mkdir(at("small"));
    const mounted = await run("mount", ["-t", "tmpfs", "-o", "size=4k,nr_inodes=9", "none", at("small")]).then(
      () => true,
      () => false,
    );
    try {
      // Without the right to mount a small disk, a file size limit makes the same write fail.
      if (mounted) await run("bash", ["-c", `head -c 4096 /dev/zero >"$0"`, at("small/filler")]);
      const { stdout } = await deliver(mounted ? ":" : "ulimit -f 0", "small/key");
      const [opened, failure] = stdout.split("\n");
      expect(opened).toBe("opened");
      expect(JSON.parse(failure!)).toMatchObject(failed(mounted ? /^no space is left for/ : /^cannot write/));
      expect((await readdir(at("small"))).filter((name) => name !== "filler")).toEqual([]);
    } finally {
      if (mounted) await run("umount", [at("small")]);
    }
  });

  test("leaves no file or the whole file after a kill at any moment", async () => {
    await prepare();
    const long = "x".repeat(100_000);
    for (let i = 0; i < 8; i++) {
      const child = execFile("node", [script, at(`key-${i}`), long]);
      child.stdout!.once("data", () => setTimeout(() => child.kill("SIGKILL"), i / 2));
      await new Promise((resolve) => child.once("close", resolve));
      expect([null, long]).toContain(await readFile(at(`key-${i}`), "utf8").catch(() => null));
    }
    // A killed run may leave a temporary file; it must have our name and mode 600.
    for (const name of await readdir(folder.path)) {
      if (name === "deliver.mjs") continue;
      expect(name).toMatch(/^(key-\d|\.mcp-keys-[\w-]+\.tmp)$/);
      expect(await modeOf(at(name))).toBe("600");
    }
  });

  test("writes to the pipe of bash's >(command)", async () => {
    await prepare();
    const { stdout } = await run("bash", [
      "-c",
      `exec 3>&1; node "$0" >(cat >&3) "$1" >/dev/null; wait $!`,
      script,
      TEXT,
    ]);
    expect(stdout).toBe(TEXT);
  });
});

test("a read-only disk is named as the cause", () => {
  expect(fileFault("/srv/ci.key", Object.assign(new Error(), { code: "EROFS" }))).toMatchObject({
    ...{ code: "DELIVERY_FAILED", message: "cannot write in /srv: the disk is read-only" },
    hint: "choose a file on a writable disk",
  });
});
