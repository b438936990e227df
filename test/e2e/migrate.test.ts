import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openStore } from "../../src/stores/index.ts";
import { createVerifier } from "../../src/server/verifier/verifier.ts";
import { aDraft, aWorld, changesOf, keyNo } from "../stores/place.ts";
import { BIN, createProcesses } from "./process.ts";

const TORTURE = process.env["MCP_KEYS_TORTURE"] === "1";

/** Creates a store whose history takes long enough to copy that the process can be killed meanwhile. */
async function start(changes: number) {
  const { dir, env, mcpKeys } = createProcesses();
  const [from, to] = [`file:${join(dir, "old", "keys.jsonl")}`, `file:${join(dir, "new", "keys.jsonl")}`];
  const source = await openStore(from, aWorld());
  const history = Array.from({ length: changes }, (_, n) => ({
    ...{ seq: n + 1, ...aDraft([{ ...keyNo(n), revision: 1 }], { at: 1_000 + n }) },
  }));
  await source.adopt?.(history);
  await source.close();
  const args = ["store", "migrate", "--from", from, "--to", to];
  return { dir, env, mcpKeys, from, to, args };
}

async function historyOf(spec: string) {
  const store = await openStore(spec, aWorld());
  try {
    return await changesOf(store);
  } finally {
    await store.close();
  }
}

test("loses nothing if it is killed at any time, and the same command finishes it", async () => {
  let killed = 0;
  for (let round = 0; round < (TORTURE ? 100 : 4); round++) {
    const { dir, env, mcpKeys, from, to, args } = await start(400);
    const before = await historyOf(from);
    const child = spawn(process.execPath, [BIN, ...args, "--delete-source", "--yes"], { env, stdio: "ignore" });
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on("exit", (_, signal) => resolve(signal)));
    const timer = setTimeout(() => child.kill("SIGKILL"), 60 + ((round * 67) % 300));
    if ((await ended) === "SIGKILL") killed++;
    clearTimeout(timer);
    const seen = await historyOf(to);
    expect([0, before.length], `round ${String(round)}`).toContain(seen.length);
    const { status, stderr } = await mcpKeys([...args, "--delete-source", "--yes"]);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(await historyOf(to)).toEqual(before);
    expect(readdirSync(join(dir, "old"))).toEqual([]);
    expect(readdirSync(join(dir, "new")).filter((name) => name === "keys.jsonl")).toHaveLength(1);
  }
  expect(killed).toBeGreaterThan(0);
}, 60_000);

test("many at the same time finish or fail with a conflict, and copy each key once", async () => {
  const { mcpKeys, from, to, args } = await start(50);
  const before = await historyOf(from);
  const results = await Promise.all(Array.from({ length: 5 }, () => mcpKeys(args)));
  expect(new Set(results.map(({ status }) => status))).toEqual(
    new Set(results.some((each) => each.status === 5) ? [0, 5] : [0]),
  );
  expect(await historyOf(to)).toEqual(before);
  expect(await historyOf(from)).toEqual(before);
});

test("keys issued in the old store until the last moment are in the new one, or were rejected", async () => {
  const { mcpKeys, from, to, args } = await start(100);
  const over = new AbortController();
  const issued: string[] = [];
  const issuing = (async () => {
    for (let n = 0; !over.signal.aborted && n < 200; n++) {
      const { status } = await mcpKeys(["generate", `late-${String(n)}`, "--store", from]);
      if (status !== 0) return;
      issued.push(`late-${String(n)}`);
    }
  })();
  while (issued.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  const { status } = await mcpKeys([...args, "--delete-source", "--yes"]);
  over.abort();
  await issuing;
  expect(status).toBe(0);
  const { stdout } = await mcpKeys(["list", "--store", to]);
  // After the removal, generate created a new store at the old path.
  const after = (await mcpKeys(["list", "--store", from])).stdout;
  for (const name of issued) expect(`${stdout}${after}`, name).toContain(name);
  const { stdout: audit } = await mcpKeys(["audit", "--verify", "--store", to]);
  expect(audit).toContain("intact");
});

test("a server that still reads the old store accepts no key", async () => {
  const { mcpKeys, from, to, args } = await start(3);
  const { stdout } = await mcpKeys(["generate", "ci", "--store", from]);
  const clock = { now: Math.floor(Date.now() / 1000) };
  const store = await openStore(from, aWorld());
  const verifier = await createVerifier({ store, now: () => clock.now, maxStaleness: 5 });
  const present = () => verifier.verify(stdout.trim());
  expect(present()).toMatchObject({ ok: true });
  expect((await mcpKeys([...args, "--delete-source", "--yes"])).status).toBe(0);
  clock.now += 6;
  expect(present).toThrow(expect.objectContaining({ code: "STORE_UNAVAILABLE" }));
  await verifier.close();
  await store.close();
  expect((await mcpKeys(["check", "--store", to], { stdin: stdout })).status).toBe(0);
});
