import { existsSync } from "node:fs";
import { appendFile, chmod, cp, mkdir, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { createProcesses, runProcess } from "./process.ts";

const ON = { CI: "", NODE_DISABLE_COMPILE_CACHE: "" };

function start() {
  const { dir, mcpKeys } = createProcesses();
  const folder = join(dir, ".cache/mcp-keys");
  const run = async (args: string[], env: Record<string, string> = {}) => {
    const { status, stdout, stderr } = await mcpKeys(args, { env: { ...ON, ...env } });
    return { status, stdout, stderr };
  };
  /** Returns the files, with what changes if one is written. */
  const cached = async () => {
    const names = existsSync(folder) ? await readdir(folder) : [];
    return Promise.all(
      names.map(async (name) => `${name} ${String((await stat(join(folder, name), { bigint: true })).ino)}`),
    );
  };
  return { dir, folder, run, cached };
}

describe.skipIf(process.platform === "win32")("the cache of compiled code", () => {
  test("is written by the first run of a command and used by the next, which answer alike", async () => {
    const { folder, run, cached } = start();
    const first = await run(["--help"]);
    const [file] = await cached();
    expect(file).toContain(process.version);
    expect(await run(["--help"])).toEqual(first);
    expect(await cached()).toEqual([file]);
    const plain = await run(["--help"], { NODE_DISABLE_COMPILE_CACHE: "1" });
    expect(plain).toEqual(first);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  test("contains no token and no name of a key", async () => {
    const { folder, run } = start();
    const { stdout } = await run(["generate", "very-own-name"]);
    await run(["rotate", "very-own-name"]);
    await run(["list"]);
    const names = await readdir(folder);
    expect(names).toHaveLength(3);
    for (const name of names) {
      const text = await readFile(join(folder, name), "latin1");
      expect(text).not.toContain(stdout.trim().slice(4, 16));
      expect(text).not.toContain("very-own-name");
    }
  });

  test("is replaced if it is damaged", async () => {
    const { folder, run, cached } = start();
    const right = await run(["--version"]);
    const [before] = await cached();
    const path = join(folder, before!.split(" ")[0]!);
    const { size } = await stat(path);
    for (const damage of [
      () => truncate(path, Math.floor(size / 2)),
      () => writeFile(path, Buffer.alloc(size)),
      () => appendFile(path, "x"),
    ]) {
      await damage();
      const [damaged] = await cached();
      expect(await run(["--version"])).toEqual(right);
      expect(await cached()).not.toEqual([damaged]);
      expect(await readdir(folder)).toHaveLength(1);
    }
  });

  test("is not used for another source of the same length, as after a patch", async () => {
    const { dir, folder, cached } = start();
    const root = fileURLToPath(new URL("../..", import.meta.url));
    for (const part of ["bin", "dist/cli", "dist/chunks"])
      await cp(join(root, part), join(dir, "copy", part), { recursive: true });
    const env = { ...ON, PATH: process.env["PATH"], HOME: dir };
    const run = () => runProcess(process.execPath, [join(dir, "copy/bin/mcp-keys.js"), "--help"], { env });
    expect((await run()).stdout).toContain("rotate");
    const chunks = join(dir, "copy/dist/cli/chunks");
    const common = join(
      chunks,
      (await readdir(chunks)).find((name) => name.startsWith("common-"))!,
    );
    await writeFile(common, (await readFile(common, "utf8")).replaceAll("Commands", "COMMANDS"));
    const before = await cached();
    expect((await run()).stdout).toContain("COMMANDS");
    expect(await cached()).not.toEqual(before);
    expect(await readdir(folder)).toHaveLength(1);
  });

  test("is off in CI, after a failure, without a home, and where others may write", async () => {
    const { dir, folder, run, cached } = start();
    await run(["--version"], { CI: "true" });
    await run(["--version"], { NODE_DISABLE_COMPILE_CACHE: "1" });
    await run(["show", "none"]);
    await run(["--version"], { HOME: "" });
    expect(existsSync(join(dir, ".cache"))).toBe(false);
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o777);
    expect(await run(["--version"])).toMatchObject({ status: 0, stderr: "" });
    expect(await cached()).toEqual([]);
  });
});
