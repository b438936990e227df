import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { expect, onTestFinished, test, type TestContext } from "vitest";
import { hasEnded, processMark } from "../../src/process/process-mark.ts";
import { freshFolder } from "../sinks/folder.ts";

const folder = freshFolder();

function needsMarks(ctx: TestContext): string {
  const own = processMark();
  if (own === null) ctx.skip("needs /proc of this process");
  return own;
}

/** Builds a program that prints its mark, and then whether each process of its arguments has ended. */
async function buildProgram(): Promise<string> {
  const outfile = join(folder.path, "mark.mjs");
  await build({
    stdin: {
      contents: `import { hasEnded, processMark } from "./process-mark.ts";
        console.log([processMark(), ...process.argv.slice(2).map(hasEnded)].join(" "));
        process.stdin.resume();`,
      resolveDir: join(import.meta.dirname, "../../src/process"),
    },
    ...{ outfile, bundle: true, platform: "node", format: "esm", logLevel: "error" },
  });
  return outfile;
}

async function start(program: string) {
  const child = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return { child, mark: said.toString().trim() };
}

test("a mark fits into a file name, and is the same each time", (ctx) => {
  const own = needsMarks(ctx);
  expect(own).toMatch(/^[0-9a-f]{12}-\d+-\d+$/);
  expect(processMark()).toBe(own);
});

test("a process that runs has not ended, and one that was killed has", async (ctx) => {
  const own = needsMarks(ctx);
  const { child, mark } = await start(await buildProgram());
  expect(mark).not.toBe(own);
  expect([hasEnded(own), hasEnded(mark)]).toEqual([false, false]);
  child.kill("SIGKILL");
  await once(child, "close");
  expect([hasEnded(own), hasEnded(mark)]).toEqual([false, true]);
});

test("a later process with the same id does not count", (ctx) => {
  const own = needsMarks(ctx);
  if (process.platform !== "linux") ctx.skip("needs start times");
  expect(hasEnded(own.replace(/\d+$/, "1"))).toBe(true);
});

test("a process that nobody has reaped has ended", async (ctx) => {
  const own = needsMarks(ctx);
  if (process.platform !== "linux") ctx.skip("needs /proc");
  // `exec` makes sleep the parent, and it reaps no children.
  const parent = spawn("sh", ["-c", "sleep 30 & echo $!; exec sleep 30"], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const [said] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(said.toString());
  const stat = () =>
    readFileSync(`/proc/${String(pid)}/stat`, "latin1")
      .split(") ")[1]!
      .split(" ");
  const mark = `${own.slice(0, 12)}-${String(pid)}-${stat()[19]!}`;
  expect(hasEnded(mark)).toBe(false);
  // Until then the shell could still reap it.
  await ctx.expect.poll(() => readFileSync(`/proc/${String(parent.pid)}/comm`, "utf8")).toBe("sleep\n");
  process.kill(pid, "SIGKILL");
  await ctx.expect.poll(() => stat()[0]).toBe("Z");
  expect(hasEnded(mark)).toBe(true);
});

test.each(["", "x", "0123456789ab-1", "0123456789ab--1-1", "0123456789ab-99999999999-1", "../../etc/passwd"])(
  "%j is no mark, and nothing is known about its process",
  (text) => {
    expect(hasEnded(text)).toBe(false);
  },
);

test("nothing is known about a process of another machine or container", (ctx) => {
  const own = needsMarks(ctx);
  const elsewhere = own.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
  expect(hasEnded(elsewhere.replace(/-\d+-/, "-999999999-"))).toBe(false);
});

test("a container does not know whether our processes run, and we do not know about its", async (ctx) => {
  const own = needsMarks(ctx);
  const dead = own.replace(/-\d+-/, "-999999999-");
  expect(hasEnded(dead)).toBe(true);
  const program = await buildProgram();
  const contained = (...flags: string[]) =>
    spawnSync("unshare", [...flags, "--fork", process.execPath, program, own, dead], { encoding: "utf8", input: "" });
  const apart = contained("--pid", "--mount-proc");
  if (apart.status !== 0) ctx.skip("needs the right to create namespaces");
  const [mark, ...ended] = apart.stdout.trim().split(" ");
  expect(ended).toEqual(["false", "false"]);
  expect(hasEnded(mark!)).toBe(false);
  // With our /proc, which shows other ids, it cannot mark its files at all.
  expect(contained("--pid").stdout.trim()).toBe("false false");
});
