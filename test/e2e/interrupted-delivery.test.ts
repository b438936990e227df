import { randomInt, randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, type TestContext } from "vitest";
import { createKeys, openStore } from "../../src/index.ts";
import { processesWith } from "./marked.ts";
import { createProcesses } from "./process.ts";
import { openTerminal, CTRL_C } from "./pty.ts";

const ROUNDS = process.env["MCP_KEYS_TORTURE"] === "1" ? 200 : 24;

function needsProc(ctx: TestContext): void {
  if (!existsSync("/proc/self/environ")) ctx.skip("needs /proc");
}

/** Creates a store with the key ci, whose token is in `out`. Commands find that path in `$OUT`. */
async function withKey(ctx: TestContext) {
  const made = createProcesses();
  const out = join(made.dir, "out");
  const mark = `MARK=${randomUUID()}`;
  const env = { ...made.env, OUT: out, MARK: mark.slice(5) };
  const store = await openStore(`file:${made.file}`);
  ctx.onTestFinished(() => store.close());
  const keys = createKeys({ store });
  const first = await keys.generate({ name: "ci", expiresAt: null });
  const states = async () => ((await store.get("ci"))?.versions ?? []).map(({ state }) => state);
  const check = async (token: string) => {
    const verdict = await keys.check(token);
    return verdict.ok ? verdict.version.n : verdict.reason;
  };
  const rotate = (command: string, more: readonly string[] = [], options: Parameters<typeof made.mcpKeys>[1] = {}) =>
    made.mcpKeys(["rotate", "ci", "--to", command, ...more], { ...options, env });
  const read = () => (existsSync(out) ? readFileSync(out, "utf8") : null);
  return { ...made, env, out, mark, first: first.token.reveal(), states, check, rotate, read };
}

/** Sends signals when the command has printed ready. */
function signalWhenReady(...signals: NodeJS.Signals[]) {
  let sent = false;
  return (text: string, kill: (signal: NodeJS.Signals) => void) => {
    if (sent || !text.includes("ready")) return;
    sent = true;
    signals.forEach((signal, i) => setTimeout(() => kill(signal), i * 300));
  };
}

const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

describe.concurrent("a command that has the token", () => {
  test.for(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "may finish after %s, and the next run settles it",
    async (signal, ctx) => {
      needsProc(ctx);
      const { rotate, read, states, check, mark, out } = await withKey(ctx);
      // Works until mcp-keys says that it waits, however late the signal arrives.
      const command = `cat >"$OUT.new"; echo ready >&2; until [ -e "$OUT.go" ]; do sleep 0.05; done; mv "$OUT.new" "$OUT"`;
      const signalled = signalWhenReady(signal);
      const onStderr: typeof signalled = (text, kill) => {
        signalled(text, kill);
        if (text.includes("waiting")) writeFileSync(`${out}.go`, "");
      };
      const { status, stderr } = await rotate(command, [], { onStderr });
      expect(status).toBe(STATUS[signal]);
      expect(stderr).toMatch(
        /ready\nwaiting up to 10s for the command to finish, .*\nerror: interrupted in the step "deliver": the new token was delivered, and both tokens work\nhint: run the same command again to finish\n$/,
      );
      expect(processesWith(mark)).toEqual([]);
      expect(await check(read()!)).toBe(2);
      expect(await states()).toEqual(["current", "pending"]);
      expect((await rotate(`cat >"$OUT"`)).status).toBe(0);
      expect(await check(read()!)).toBe(3);
      expect((await states()).at(-1)).toBe("current");
    },
  );

  test.for([
    ["ignores every signal", `trap '' INT TERM HUP; cat >/dev/null; echo ready >&2; sleep 30; echo late >"$OUT"`],
    ["starts a session of its own", `cat >/dev/null; setsid sh -c 'echo ready >&2; sleep 30; echo late >"$OUT"'; true`],
    [
      "leaves the work to a session of its own",
      `cat >/dev/null; setsid sh -c 'echo ready >&2; sleep 30; echo late >"$OUT"' & sleep 31`,
    ],
    ["has stopped", `cat >/dev/null; echo ready >&2; kill -STOP $$; echo late >"$OUT"`],
    ["has closed its streams", `cat >/dev/null; echo ready >&2; exec <&- >&- 2>&-; sleep 30; echo late >"$OUT"`],
    ["fails in the background", `cat >/dev/null; (trap '' TERM; sleep 30; echo late >"$OUT") & echo ready >&2; wait`],
  ])("is ended with all it started after --grace, if it %s", async ([, command], ctx) => {
    needsProc(ctx);
    const { rotate, read, states, mark, first, check } = await withKey(ctx);
    const ended = await rotate(command!, ["--grace", "1s"], { onStderr: signalWhenReady("SIGINT") });
    expect(ended.status).toBe(130);
    expect(ended.stderr).toContain("waiting up to 1s");
    expect(processesWith(mark)).toEqual([]);
    expect(read()).toBeNull();
    expect(await states()).toEqual(["current", "pending"]);
    expect(await check(first)).toBe(1);
  });

  test.for([
    ["a second Ctrl-C", ["SIGINT", "SIGINT"], 130],
    ["a second signal of another kind", ["SIGTERM", "SIGINT"], 130],
  ] as const)("is killed at once by %s", async ([, signals, status], ctx) => {
    needsProc(ctx);
    const { rotate, read, states, mark } = await withKey(ctx);
    const start = performance.now();
    const command = `trap '' INT TERM; cat >/dev/null; setsid sleep 29 & echo ready >&2; sleep 30; echo late >"$OUT"`;
    const ended = await rotate(command, [], { onStderr: signalWhenReady(...signals) });
    expect(ended.status).toBe(status);
    expect(performance.now() - start).toBeLessThan(9_000);
    await ctx.expect.poll(() => processesWith(mark)).toEqual([]);
    expect(read()).toBeNull();
    expect(await states()).toEqual(["current", "pending"]);
  });

  test("is ended after --grace if mcp-keys itself is killed", async (ctx) => {
    needsProc(ctx);
    const { rotate, read, states, mark } = await withKey(ctx);
    const command = `trap '' INT TERM; cat >/dev/null; echo ready >&2; sleep 30; echo late >"$OUT"`;
    const ended = await rotate(command, ["--grace", "1s"], { onStderr: signalWhenReady("SIGKILL") });
    expect(ended.signal).toBe("SIGKILL");
    await ctx.expect.poll(() => processesWith(mark), { timeout: 10_000 }).toEqual([]);
    expect(read()).toBeNull();
    expect(await states()).toEqual(["current", "pending"]);
  });

  test("is ended at a terminal too, with the shell that ran mcp-keys left alone", async (ctx) => {
    needsProc(ctx);
    const { env, mark, read, states } = await withKey(ctx);
    const command = `trap "" INT TERM HUP; cat >/dev/null; echo ready >&2; sleep 30; echo late >"$OUT"`;
    const line = `trap : INT; mcp-keys rotate ci --grace 1s --to '${command}'; echo "status $?"`;
    const terminal = openTerminal(line, { ...env, PATH: env.PATH ?? "", TERM: "xterm" });
    // On a line of its own, because the progress shows the command before it runs.
    await terminal.shows(/^ready/m);
    terminal.type(CTRL_C);
    await terminal.shows("status 130");
    expect(await terminal.ended).toBe(0);
    expect(processesWith(mark)).toEqual([]);
    expect(read()).toBeNull();
    expect(await states()).toEqual(["current", "pending"]);
  });
});

test("a command that ended before the interruption without the token leaves no pending version", async (ctx) => {
  const { rotate, states } = await withKey(ctx);
  const command = `exec <&-; echo ready >&2; sleep 1; exit 1`;
  expect((await rotate(command, [], { onStderr: signalWhenReady("SIGINT") })).status).toBe(130);
  expect(await states()).toEqual(["current", "revoked"]);
});

/** Empties its file first, and writes the token a fifth of a second later. */
const SLOW = `echo started >&2; token=$(cat); : >"$OUT"; sleep 0.2; printf %s "$token" >"$OUT"`;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const;

/** Sends a signal at a random moment: in most rounds while the command runs, in the others at any time of the run. */
function signalAtRandom(i: number, signal: NodeJS.Signals) {
  const duringCommand = i % 5 !== 0;
  const moment = randomInt(0, duringCommand ? 300 : 900);
  let sent = false;
  const send = (kill: (signal: NodeJS.Signals) => void) => {
    if (!sent) setTimeout(() => kill(signal), moment);
    sent = true;
  };
  return {
    moment: `${signal} ${String(moment)} ms after the start of ${duringCommand ? "the command" : "mcp-keys"}`,
    options: duringCommand
      ? { onStderr: (text: string, kill: (signal: NodeJS.Signals) => void) => text.includes("started") && send(kill) }
      : { onStart: send },
  };
}

test(
  `${String(ROUNDS)} rounds of signals at random moments leave no empty and no stale destination, and no process`,
  async (ctx) => {
    needsProc(ctx);
    const counts: Record<string, number> = {};
    async function round(i: number): Promise<void> {
      const signal = SIGNALS[i % SIGNALS.length]!;
      const { rotate, read, states, check, mark } = await withKey(ctx);
      await rotate(SLOW);
      expect(await check(read()!)).toBe(2);
      const { moment, options } = signalAtRandom(i, signal);
      const { status } = await rotate(SLOW, [], options);
      // Without mcp-keys, the command still finishes by itself.
      if (signal === "SIGKILL") await ctx.expect.poll(() => processesWith(mark), { timeout: 15_000 }).toEqual([]);
      const where = `round ${String(i)}: ${moment}, status ${String(status)}`;
      expect(processesWith(mark), where).toEqual([]);
      expect(read(), where).not.toBe("");
      expect([2, 3], where).toContain(await check(read()!));
      const outcome = `${signal} ${String(status)} ${(await states()).join(" ")}`;
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      expect((await rotate(SLOW)).status, where).toBe(0);
      const versions = await states();
      expect(versions.at(-1), where).toBe("current");
      expect(await check(read()!), where).toBe(versions.length);
      expect(processesWith(mark), where).toEqual([]);
    }
    const queue = Array.from({ length: ROUNDS }, (_, i) => i);
    await Promise.all(
      Array.from({ length: 6 }, async () => {
        for (let i = queue.shift(); i !== undefined; i = queue.shift()) await round(i);
      }),
    );
    if (ROUNDS > 24) console.log(counts);
  },
  ROUNDS > 24 ? 1_800_000 : 60_000,
);
