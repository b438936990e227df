import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { openLab } from "../../../src/cli/test/lab.ts";
import type { Secret } from "../../../src/core/secret.ts";
import { keyStatus } from "../../../src/core/status.ts";
import { KeysError } from "../../../src/errors.ts";
import { createKeys } from "../../../src/keys/keys.ts";
import { CHECKS } from "../../../src/probe/index.ts";
import { openEnvStore } from "../../../src/stores/env.ts";
import { openFileStore } from "../../../src/stores/file.ts";
import type { KeyStore } from "../../../src/stores/store.ts";
import { EXAMPLES } from "../../e2e/example.ts";
import { createProcesses } from "../../e2e/process.ts";
import { startServerProcess } from "../../e2e/server-process.ts";
import { TOKEN } from "../../probe/verify/verifying.ts";
import { until } from "../../server/fixture.ts";

const NOW = 1_800_000_000;
const now = (): number => NOW;

async function openFile(): Promise<KeyStore> {
  const folder = await mkdtemp(join(tmpdir(), "mcp-keys lab-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const store = await openFileStore(join(folder, "keys.jsonl"), {
    env: {},
    uid: process.getuid?.() ?? null,
    dataDir: null,
  });
  onTestFinished(() => store.close());
  return store;
}

/** A bench over a file, what it says, and the end of its run. */
async function createBench(own?: KeyStore) {
  const store = own ?? (await openFile());
  const keys = createKeys({ store, now, by: "test", peppers: [] });
  const said: string[] = [];
  const tidies: (() => Promise<void>)[] = [];
  const quiet = (): Promise<void> => Promise.resolve();
  const ctx = {
    world: { now, random: (size: number) => randomBytes(size) },
    io: { warn: (line: string) => said.push(line), note: quiet, next: quiet, debug: quiet, print: quiet, json: quiet },
    store: () => Promise.resolve(store),
    keys: () => Promise.resolve(keys),
    atEnd: (tidy: () => Promise<void>) => void tidies.push(tidy),
  };
  const end = async (): Promise<void> => {
    await Promise.all(tidies.map((tidy) => tidy()));
  };
  const statuses = async () => (await keys.list()).map((key) => keyStatus(key, NOW));
  return { ctx, store, keys, said, end, statuses };
}

/** A store whose writes can be made to fail or to take their time. */
function hindered(store: KeyStore) {
  const hindrance: { fault: KeysError | null; wait: Promise<void> | null } = { fault: null, wait: null };
  const write: KeyStore["write"] = async (draft) => {
    await hindrance.wait;
    if (hindrance.fault !== null) throw hindrance.fault;
    return store.write(draft);
  };
  return { hindrance, store: { ...store, write } };
}

describe("a canary", () => {
  test("lives as a key does, and is revoked at the end", async () => {
    const { ctx, keys, end, said } = await createBench();
    const lab = await openLab(ctx, TOKEN);
    const canary = await lab.mint("life");
    const works = async (token: Secret) => (await keys.check(token.reveal())).ok;
    expect(await works(canary.token)).toBe(true);
    await canary.disable();
    expect(await works(canary.token)).toBe(false);
    await canary.enable();
    const next = await canary.rotate();
    expect([await works(canary.token), await works(next)]).toEqual([true, true]);
    const [key] = await keys.list();
    expect(key).toMatchObject({ name: canary.name, tags: { "made-by": "mcp-keys-test" } });
    expect(canary.name).toMatch(/^mcp-keys-canary-life-[0-9a-f]{10}$/);
    expect(key?.versions.map(({ expiresAt }) => expiresAt)).toEqual([NOW + 3600, NOW + 3600]);
    expect(canary.expiresAt).toBe(NOW + 3600);

    await lab.close();
    expect([await works(canary.token), await works(next)]).toEqual([false, false]);
    await end();
    expect(said).toEqual([]);
  });

  test("may do what the key under test may", async () => {
    const { ctx, keys } = await createBench();
    const scopes = ["notes:read"];
    const audience = ["https://notes.example"];
    const { token } = await keys.generate({ name: "ci", prefix: "acme", expiresAt: null, scopes, audience });
    const lab = await openLab(ctx, token);
    const canary = await lab.mint("life", 5);
    expect(await keys.get(canary.name)).toMatchObject({ prefix: "acme", scopes, audience });
    expect(canary.expiresAt).toBe(NOW + 5);
    expect([await lab.knows(token), await lab.knows(TOKEN)]).toEqual([true, false]);
  });

  test("is made in a store that can be written, or not at all", async () => {
    const store = await openEnvStore("", { env: { MCP_API_KEY: TOKEN.reveal() } });
    const { ctx } = await createBench(store);
    await expect(openLab(ctx, TOKEN)).rejects.toMatchObject({ code: "STORE_READ_ONLY" });
  });
});

describe("at the end of a run", () => {
  test("every canary is revoked, one that is being made as well, and no more are made", async () => {
    const slow = hindered(await openFile());
    const { ctx, end, statuses, said } = await createBench(slow.store);
    const lab = await openLab(ctx, TOKEN);
    const first = await lab.mint("a");
    let go = (): void => undefined;
    slow.hindrance.wait = new Promise((resolve) => (go = resolve));
    const making = lab.mint("b");
    const ending = end();
    setImmediate(go);
    await Promise.all([making, ending]);
    expect(await statuses()).toEqual(["revoked", "revoked"]);
    for (const act of [() => lab.mint("c"), first.enable, first.rotate, first.disable]) {
      await expect(act()).rejects.toMatchObject({ code: "INTERRUPTED" });
    }
    expect(await statuses()).toEqual(["revoked", "revoked"]);
    expect(said).toEqual([]);
  });

  test("a canary that cannot be revoked is named, with the command that does it, once", async () => {
    const broken = hindered(await openFile());
    const { ctx, end, said, statuses } = await createBench(broken.store);
    const lab = await openLab(ctx, TOKEN);
    const { name } = await lab.mint("life");
    broken.hindrance.fault = new KeysError("STORE_UNAVAILABLE", "the disk is full");
    await expect(lab.close()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await end();
    expect(said).toEqual([
      `the canary ${name} could not be revoked and works until it expires`,
      `revoke it with: mcp-keys revoke ${name} --yes --store '${broken.store.spec}'`,
    ]);
    broken.hindrance.fault = null;
    await end();
    expect(await statuses()).toEqual(["revoked"]);
  });

  test("a canary whose write failed is looked for all the same: it may have arrived", async () => {
    const store = await openFile();
    const { ctx, end, statuses, said } = await createBench({
      ...store,
      async write(draft) {
        const change = await store.write(draft);
        if (draft.op === "generate") throw new KeysError("STORE_UNAVAILABLE", "the answer was lost");
        return change;
      },
    });
    const lab = await openLab(ctx, TOKEN);
    await expect(lab.mint("life")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await statuses()).toEqual(["expiring"]);
    await end();
    expect(await statuses()).toEqual(["revoked"]);
    expect(said).toEqual([]);
  });

  test("a store that does not answer is not waited for for ever", async () => {
    const hung = hindered(await openFile());
    const { ctx, end, said } = await createBench(hung.store);
    const lab = await openLab(ctx, TOKEN);
    const { name } = await lab.mint("life");
    let go = (): void => undefined;
    hung.hindrance.wait = new Promise((resolve) => (go = resolve));
    await end();
    expect(said[0]).toContain(name);
    go();
  });
});

const LIFECYCLE = CHECKS.filter(({ group }) => group === "lifecycle").map(({ id }) => id);

describe("mcp-keys test with a store", () => {
  /** A server of its own that follows the file of the command line. */
  async function startServed() {
    const { mcpKeys, env, file } = createProcesses();
    const { stdout } = await mcpKeys(["generate", "ci"]);
    const server = await startServerProcess(`${EXAMPLES}node-http/server.js`, env);
    const token = stdout.trim();
    const canaries = async (): Promise<{ name: string; status: string }[]> => {
      const { keys } = JSON.parse((await mcpKeys(["list", "--json"])).stdout);
      return keys.filter(({ name }: { name: string }) => name !== "ci");
    };
    const run = (args: string[], more = {}) =>
      mcpKeys(["test", server.url, "--store", `file:${file}`, ...args], { env: { MCP_API_KEY: token }, ...more });
    return { run, canaries, token, file, journal: () => readFile(file, "utf8") };
  }

  test("sees that our server follows its store, and leaves no canary alive", async () => {
    const { run, canaries, token } = await startServed();
    const { status, stdout, stderr } = await run(["--json", "--only", ...LIFECYCLE]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining("revoked at the end") });
    const { findings } = JSON.parse(stdout);
    const lifecycle = findings.filter(({ group }: { group: string }) => group === "lifecycle");
    expect(lifecycle.map(({ status: found }: { status: string }) => found)).toEqual(Array(6).fill("pass"));
    expect((await canaries()).map(({ status: found }) => found)).toEqual(["revoked", "revoked"]);
    expect(stdout + stderr).not.toContain(token.slice(-49, -20));
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("leaves no canary alive when %s comes in the middle", async (signal, status) => {
    const { run, canaries, journal } = await startServed();
    let kill: ((name: NodeJS.Signals) => void) | undefined;
    const onStderr = (_: string, send: (name: NodeJS.Signals) => void): void => void (kill = send);
    const running = run(["--only", "rejects-expired-key"], { onStderr });
    // It is waited for to expire.
    await until(async () => (await journal()).includes("mcp-keys-canary-expiring"));
    kill?.(signal);
    expect(await running).toMatchObject({ status, stdout: "", stderr: expect.not.stringContaining("canary") });
    expect((await canaries()).map(({ status: found }) => found)).toEqual(["revoked", "revoked"]);
  });

  test("fails with the store when that fails, and not with the server", async () => {
    const { run } = await startServed();
    const { status, stderr } = await run(["--store", "env:", "--only", ...LIFECYCLE]);
    expect({ status, stderr }).toEqual({ status: 5, stderr: expect.stringContaining("no keys can be made in env:") });
  });

  test("proves nothing over a store that the server does not use", async () => {
    const { run, file } = await startServed();
    const other = ["--store", `file:${file}.other`, "--patience", "1s"];
    const { status, stdout } = await run([...other, "--json", "--only", ...LIFECYCLE]);
    const { findings } = JSON.parse(stdout);
    expect(findings.map(({ status: found }: { status: string }) => found)).toEqual(Array(6).fill("untestable"));
    expect(findings[0].observed).toContain("your key is not in that store: does the server use it?");
    expect(status).toBe(0);
  });
});
