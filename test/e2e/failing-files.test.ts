import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, type TestContext } from "vitest";
import { ENDED, errorOf, NOTHING, REVOKED, withKey } from "./failing-key.ts";
import { BIN, runProcess } from "./process.ts";

const OLD = "A=1\nMCP_API_KEY=old\n";
/** The flags of each way to write a file. The file is `box/.env`. */
const WAYS = {
  "--out": ["--out", "box/.env", "--force"],
  "--merge": ["--out", "box/.env", "--format", "dotenv", "--merge"],
} as const;

/** A key, and a folder `box` with an old `.env`. */
async function withBox(ctx: TestContext) {
  const made = await withKey(ctx);
  const box = join(made.dir, "box");
  mkdirSync(box);
  const env = join(box, ".env");
  writeFileSync(env, OLD, { mode: 0o600 });
  /** Mounts a small disk with an old `.env` on the folder. */
  const mount = (options: string) => {
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=64k,${options}`, "none", box], { stdio: "ignore" });
    } catch {
      ctx.skip("needs the right to mount a disk");
    }
    ctx.onTestFinished(() => void execFileSync("umount", [box]));
  };
  return { ...made, box, env, mount };
}

/** Runs a command between the first change of the store and the delivery: it is when a keyset is published. */
const meanwhile = (command: string) => ["--publish", `cat >/dev/null; ${command} || :`];

describe.concurrent.each(Object.keys(WAYS) as (keyof typeof WAYS)[])(
  "a file written with %s",
  { timeout: 60_000 },
  (way) => {
    const flags = WAYS[way];

    test("in a missing folder, through a link or on a read-only disk fails before anything is changed", async (ctx) => {
      const { rotate, states, dir, box, env, mount, files } = await withBox(ctx);
      const run = (out: string) =>
        rotate(flags.map((each) => (each === "box/.env" ? out : each)).concat("--json"), { cwd: dir });
      symlinkSync(".env", join(box, "link"));
      for (const [out, says] of [
        ["none/.env", /^the folder \S+none does not exist$/],
        ["box/link", /is a symbolic link$/],
      ] as const) {
        const ran = await run(out);
        expect(ran).toMatchObject({ status: 5, stdout: "" });
        expect(errorOf(ran)).toMatchObject({ code: "DELIVERY_FAILED", message: expect.stringMatching(says) });
      }
      expect(readFileSync(env, "utf8")).toBe(OLD);
      expect(files(box)).toEqual([".env", "link"]);
      if (process.getuid?.() === 0) mount("ro");
      else chmodSync(box, 0o555);
      const ran = await run("box/.env");
      expect(ran).toMatchObject({ status: 5, stdout: "" });
      expect(errorOf(ran)).toMatchObject({
        code: "DELIVERY_FAILED",
        message: expect.stringMatching(/^cannot write in \S+box: /),
      });
      expect(await states()).toBe(NOTHING);
    });

    test.for([
      ["whose folder is removed meanwhile", `rm -rf box`, [], "the folder"],
      ["that becomes a folder meanwhile", `rm box/.env && mkdir box/.env`, [".env"], ""],
      ["that becomes a link meanwhile", `ln -sf ../victim box/.env`, [".env"], "is a symbolic link"],
    ] as const)("%s: the version is revoked, and nothing is left", async ([what, command, expected, says], ctx) => {
      const { rotate, states, works, dir, box, files } = await withBox(ctx);
      writeFileSync(join(dir, "victim"), OLD);
      const ran = await rotate([...flags, ...meanwhile(command), "--json"], { cwd: dir });
      expect(readFileSync(join(dir, "victim"), "utf8")).toBe(OLD);
      expect(await works()).toBe(true);
      // The rename replaces the link itself.
      const isReplaced = way === "--out" && what.includes("link");
      expect(ran.status).toBe(isReplaced ? 0 : 5);
      expect(await states()).toBe(isReplaced ? "retiring current" : REVOKED);
      if (!isReplaced)
        expect(errorOf(ran)).toMatchObject({ code: "DELIVERY_FAILED", message: expect.stringContaining(says) });
      mkdirSync(box, { recursive: true });
      expect(files(box)).toEqual(expected);
      execFileSync("rm", ["-rf", join(box, ".env")]);
      expect((await rotate(flags, { cwd: dir })).status).toBe(0);
      expect(await states()).toMatch(ENDED);
    });

    test("on a disk that fills up meanwhile: the old file stays, the version is revoked, and nothing is left", async (ctx) => {
      const { rotate, states, works, dir, box, env, mount, files } = await withBox(ctx);
      mount("nr_inodes=16");
      writeFileSync(env, OLD, { mode: 0o600 });
      const ran = await rotate([...flags, ...meanwhile("cat /dev/zero >box/filler 2>/dev/null"), "--json"], {
        cwd: dir,
      });
      expect(errorOf(ran)).toMatchObject({ code: "DELIVERY_FAILED", message: `no space is left for ${env}` });
      expect({ status: ran.status, states: await states(), works: await works() }).toEqual({
        status: 5,
        states: REVOKED,
        works: true,
      });
      expect(readFileSync(env, "utf8")).toBe(OLD);
      expect(files(box)).toEqual([".env", "filler"]);
      execFileSync("rm", [join(box, "filler")]);
      expect((await rotate(flags, { cwd: dir })).status).toBe(0);
      expect(await states()).toMatch(ENDED);
    });
  },
);

test("a new file that another process creates meanwhile is kept, and the version is revoked", async (ctx) => {
  const { rotate, states, works, dir, files } = await withKey(ctx);
  const ran = await rotate(["--out", "new", ...meanwhile("echo theirs >new"), "--json"], { cwd: dir });
  expect(errorOf(ran)).toMatchObject({ code: "DELIVERY_FAILED", message: expect.stringContaining("in the meantime") });
  expect({ status: ran.status, states: await states(), works: await works() }).toEqual({
    status: 5,
    states: REVOKED,
    works: true,
  });
  expect(readFileSync(join(dir, "new"), "utf8")).toBe("theirs\n");
  expect(files()).toEqual(["new"]);
});

test("a reader of stdout that ends meanwhile gets no token, and the version is revoked", async (ctx) => {
  const { env, dir, states, works, files } = await withKey(ctx);
  const publish = `cat >/dev/null; rm -f "$D/reading"; until [ -e "$D/gone" ]; do sleep 0.02; done`;
  const script = `{ "$0" "$1" rotate ci --publish "$2"; echo $? >"$D/status"; } |
    { while [ -e "$D/reading" ]; do sleep 0.02; done; exec <&-; touch "$D/gone"; }`;
  writeFileSync(join(dir, "reading"), "");
  const ran = await runProcess("bash", ["-c", script, process.execPath, BIN, publish], { env: { ...env, D: dir } });
  expect(ran).toMatchObject({ status: 0, stderr: "" });
  expect(readFileSync(join(dir, "status"), "utf8")).toBe("141\n");
  expect(await states()).toBe(REVOKED);
  expect(await works()).toBe(true);
  expect(files()).toEqual(["gone", "status"]);
});
