import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { expect, test, type TestContext } from "vitest";
import { createKeys, openStore } from "../../src/index.ts";
import { BIN, createProcesses, runProcess } from "./process.ts";

const FLAGS = ["--framework", "express", "--name", "laptop", "--client", "claude-code"];
/** Calls that change a file, or its name. */
const CHANGES = /\.(?:writeFile|write|appendFile|link|unlink|rename|renameSync|mkdir)$/;
/** With all calls, the test takes minutes. */
const isChosen = (name: string) => process.env["MCP_KEYS_TORTURE"] === "1" || CHANGES.test(name);

async function buildPreload(ctx: TestContext): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "mcp-keys-kill-"));
  ctx.onTestFinished(() => rmSync(folder, { recursive: true }));
  const outfile = join(folder, "kill-at.cjs");
  const entryPoints = [join(import.meta.dirname, "kill-at.main.ts")];
  await build({ entryPoints, outfile, bundle: true, platform: "node", format: "cjs", logLevel: "error" });
  return outfile;
}

function createProject(preload: string) {
  const { dir, file, env } = createProcesses();
  writeFileSync(join(dir, "package.json"), '{"name":"notes","dependencies":{"express":"5"}}');
  writeFileSync(join(dir, ".mcp.json"), '{\n  "mcpServers": {}\n}\n');
  const init = (more: Record<string, string>) =>
    runProcess(process.execPath, ["--require", preload, BIN, "init", ...FLAGS], {
      cwd: dir,
      env: { ...env, ...more },
    });
  const read = (name: string) => (existsSync(join(dir, name)) ? readFileSync(join(dir, name), "utf8") : "");
  return { dir, file, init, read, files: () => readdirSync(dir).sort() };
}

test("init killed before any change of a file: the same command finishes it, and leaves nothing else", async (ctx) => {
  if (!existsSync("/proc/self/environ")) ctx.skip("needs /proc, to know which processes have ended");
  const preload = await buildPreload(ctx);
  const whole = createProject(preload);
  const report = join(preload, "../calls");
  expect((await whole.init({ CALLS_TO: report })).status).toBe(0);
  const calls = readFileSync(report, "utf8").split("\n");
  const points = calls.flatMap((name, i) => (isChosen(name) ? [{ at: i + 1, where: `${String(i + 1)} ${name}` }] : []));
  expect(points.length).toBeGreaterThan(12);

  async function crash({ at, where }: { at: number; where: string }): Promise<void> {
    const { dir, file, init, read, files } = createProject(preload);
    const killed = await init({ KILL_AT: String(at) });
    expect([killed.signal, where]).toEqual(["SIGKILL", where]);
    for (const name of ["mcp-auth.mjs", ".mcp.json", "laptop.key"]) {
      const text = read(name);
      expect([text === "" || text.endsWith("\n"), where], name).toEqual([true, where]);
    }
    expect({ ...(await init({})), where }).toMatchObject({ status: 0 });
    expect([files(), where]).toEqual([whole.files(), where]);
    for (const name of ["mcp-auth.mjs", ".mcp.json"]) expect([read(name), where]).toEqual([whole.read(name), where]);
    const store = await openStore(`file:${file}`);
    const verdict = await createKeys({ store }).check(read("laptop.key").trim());
    await store.close();
    expect({ where, ...verdict }).toMatchObject({ ok: true, version: { state: "current" } });
    rmSync(dir, { recursive: true });
  }
  const queue = [...points];
  const lane = async () => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) await crash(next);
  };
  await Promise.all(Array.from({ length: 4 }, lane));
}, 300_000);
