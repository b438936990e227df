import { randomInt } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, type TestContext } from "vitest";
import { createKeys, openStore } from "../../src/index.ts";
import { createProcesses } from "./process.ts";

const ROUNDS = process.env["MCP_KEYS_TORTURE"] === "1" ? 300 : 12;

/** A key whose token is in `.env` and in `$OUT`. */
async function withKey(ctx: TestContext) {
  const made = createProcesses();
  const out = join(made.dir, "out");
  const dotenv = join(made.dir, "app.env");
  const store = await openStore(`file:${made.file}`);
  ctx.onTestFinished(() => store.close());
  const keys = createKeys({ store });
  const { token } = await keys.generate({ name: "ci", expiresAt: null });
  writeFileSync(out, token.reveal());
  writeFileSync(dotenv, `A=1\nMCP_API_KEY=${token.reveal()} # ours\nB=2\n`, { mode: 0o600 });
  const rotate = (args: readonly string[], options: Parameters<typeof made.mcpKeys>[1] = {}) =>
    made.mcpKeys(["rotate", "ci", ...args], { ...options, env: { OUT: out } });
  const states = async () => ((await store.get("ci"))?.versions ?? []).map(({ state }) => state);
  const versionIn = async (path: string) => {
    const verdict = await keys.check(/mcp_\w+/.exec(readFileSync(path, "utf8"))?.[0] ?? "");
    return verdict.ok ? verdict.version.n : verdict.reason;
  };
  return { ...made, out, dotenv, rotate, states, versionIn };
}

function whenReady(signal: NodeJS.Signals) {
  let sent = false;
  return (text: string, kill: (signal: NodeJS.Signals) => void) => {
    if (!sent && text.includes("ready")) kill(signal);
    sent ||= text.includes("ready");
  };
}

test("Ctrl-C while the second command runs: the first has the token, which works, and the next run settles it", async (ctx) => {
  const { rotate, states, versionIn, out } = await withKey(ctx);
  const second = `cat >/dev/null; echo ready >&2; sleep 30; echo late >"$OUT"`;
  const args = ["--to", `cat >"$OUT"`, "--to", second];
  const ended = await rotate([...args, "--grace", "1s"], { onStderr: whenReady("SIGINT") });
  expect(ended.status).toBe(130);
  expect(ended.stderr).toContain(
    `already delivered to command:cat >"$OUT"\nerror: interrupted in the step "deliver": the new token may have arrived, and both tokens work\n`,
  );
  expect(await versionIn(out)).toBe(2);
  expect(await states()).toEqual(["current", "pending"]);
  expect((await rotate(["--to", `cat >"$OUT"`, "--to", "cat >/dev/null"])).status).toBe(0);
  expect(await versionIn(out)).toBe(3);
  expect(await states()).toEqual(["retiring", "retiring", "current"]);
});

test("Ctrl-C while the first command runs: it may finish, and the second does not start", async (ctx) => {
  const { rotate, states, versionIn, out } = await withKey(ctx);
  const first = `cat >"$OUT.new"; echo ready >&2; sleep 1; mv "$OUT.new" "$OUT"`;
  const ended = await rotate(["--to", first, "--to", `cat >"$OUT.2"`], { onStderr: whenReady("SIGINT") });
  expect(ended.status).toBe(130);
  expect(await versionIn(out)).toBe(2);
  expect(existsSync(`${out}.2`)).toBe(false);
  expect(await states()).toEqual(["current", "pending"]);
});

test.for([
  ["is missing", "no-such-program", ["current"]],
  ["fails at once", "exit 1", ["current", "pending"]],
  ["closes its input early", "exec <&-; sleep 0.2", ["current", "pending"]],
  ["reads half", "head -c 5 >/dev/null", ["current", "pending"]],
  ["leaves a daemon and fails", "cat >/dev/null; sleep 1 & exit 1", ["current", "pending"]],
] as const)("the last of two destinations %s: the file has a token that works", async ([, command, expected], ctx) => {
  const { rotate, states, versionIn, dotenv, dir } = await withKey(ctx);
  const ended = await rotate(["--out", dotenv, "--format", "dotenv", "--merge", "--to", command]);
  expect(ended.status).toBe(5);
  expect(ended.stdout).toBe("");
  if (expected.length > 1) expect(ended.stderr).toContain(`; already delivered to file:${dotenv}\n`);
  expect(await versionIn(dotenv)).toBe(expected.length);
  expect(await states()).toEqual(expected);
  expect(readdirSync(dir).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test(
  `killed at ${String(ROUNDS)} random moments: each destination has a token that works, and the same command ends the rotation`,
  async (ctx) => {
    const counts: Record<string, number> = {};
    // How long a whole run takes on this machine, measured in each round.
    let usual = 600;
    async function round(i: number): Promise<void> {
      const { rotate, states, versionIn, out, dotenv, dir } = await withKey(ctx);
      const command = `cat >"$OUT.new"; mv "$OUT.new" "$OUT"`;
      const args = ["--out", dotenv, "--format", "dotenv", "--merge", "--to", command, "--to", "cat >/dev/null"];
      const moment = randomInt(Math.ceil(usual / 3), Math.ceil(usual));
      const ended = await rotate(args, { onStart: (kill) => setTimeout(() => kill("SIGKILL"), moment) });
      const where = `round ${String(i)}: killed after ${String(moment)} ms, ${String(ended.signal)}`;
      expect(readFileSync(dotenv, "utf8"), where).toMatch(/^A=1\nMCP_API_KEY=mcp_\w+ # ours\nB=2\n$/);
      const reached = [await versionIn(dotenv), await versionIn(out)];
      expect([1, 2], where).toContain(reached[0]);
      expect([1, 2], where).toContain(reached[1]);
      const outcome = `${ended.signal ?? "finished"} ${(await states()).join(" ")} ${reached.join(" ")}`;
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      for (const name of readdirSync(dir).filter((each) => each.endsWith(".tmp"))) {
        expect(statSync(join(dir, name)).mode & 0o777, where).toBe(0o600);
      }
      const start = performance.now();
      expect((await rotate(args)).status, where).toBe(0);
      usual = performance.now() - start;
      const versions = await states();
      expect(versions.at(-1), where).toBe("current");
      expect(versions, where).not.toContain("pending");
      expect([await versionIn(dotenv), await versionIn(out)], where).toEqual([versions.length, versions.length]);
    }
    const queue = Array.from({ length: ROUNDS }, (_, i) => i);
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (let i = queue.shift(); i !== undefined; i = queue.shift()) await round(i);
      }),
    );
    if (ROUNDS > 12) console.log(counts);
  },
  ROUNDS > 12 ? 1_800_000 : 120_000,
);
