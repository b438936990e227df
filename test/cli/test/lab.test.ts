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
import { createProcesses, type ProcessOptions } from "../../e2e/process.ts";
import { startServerProcess } from "../../e2e/server-process.ts";
import { createHttpRequest } from "../../../src/http/client.ts";
import { ServerBehavior, startServer } from "../../probe/servers/configurable-server.ts";
import { probeAt } from "../../probe/servers/probing.ts";
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

/** Creates a lab context over a file store, with its warnings and the end of its run. */
async function createLabContext(own?: KeyStore) {
  const store = own ?? (await openFile());
  const keys = createKeys({ store, now, by: "test", peppers: [] });
  const warnings: string[] = [];
  const tidies: (() => Promise<void>)[] = [];
  const quiet = (): Promise<void> => Promise.resolve();
  const ctx = {
    world: { now, random: (size: number) => randomBytes(size) },
    io: {
      warn: (line: string) => warnings.push(line),
      note: quiet,
      next: quiet,
      debug: quiet,
      fail: quiet,
      print: quiet,
      json: quiet,
      jsonList: quiet,
    },
    store: () => Promise.resolve(store),
    keys: () => Promise.resolve(keys),
    atEnd: (tidy: () => Promise<void>) => void tidies.push(tidy),
  };
  const end = async (): Promise<void> => {
    await Promise.all(tidies.map((tidy) => tidy()));
  };
  const statuses = async () => (await keys.list()).map((key) => keyStatus(key, NOW));
  return { ctx, store, keys, warnings, end, statuses };
}

/** Wraps a store to delay its writes or make them fail. */
function controlWrites(store: KeyStore) {
  const control: { fault: KeysError | null; wait: Promise<void> | null } = { fault: null, wait: null };
  const write: KeyStore["write"] = async (draft) => {
    await control.wait;
    if (control.fault !== null) throw control.fault;
    return store.write(draft);
  };
  return { control, store: { ...store, write } };
}

describe("a canary", () => {
  test("works like any key and is revoked at the end", async () => {
    const { ctx, keys, end, warnings } = await createLabContext();
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
    expect(warnings).toEqual([]);
  });

  test("gets the scopes and audience of the key under test", async () => {
    const { ctx, keys } = await createLabContext();
    const scopes = ["notes:read"];
    const audience = ["https://notes.example"];
    const { token } = await keys.generate({ name: "ci", prefix: "acme", expiresAt: null, scopes, audience });
    const lab = await openLab(ctx, token);
    const canary = await lab.mint("life", 5);
    expect(await keys.get(canary.name)).toMatchObject({ prefix: "acme", scopes, audience });
    expect(canary.expiresAt).toBe(NOW + 5);
    expect([await lab.knows(token), await lab.knows(TOKEN)]).toEqual([true, false]);
  });

  test("needs a writable store", async () => {
    const store = await openEnvStore("", { env: { MCP_API_KEY: TOKEN.reveal() } });
    const { ctx } = await createLabContext(store);
    await expect(openLab(ctx, TOKEN)).rejects.toMatchObject({ code: "STORE_READ_ONLY" });
  });
});

describe("at the end of a run", () => {
  test("revokes all canaries, even one being issued, and issues no more", async () => {
    const slow = controlWrites(await openFile());
    const { ctx, end, statuses, warnings } = await createLabContext(slow.store);
    const lab = await openLab(ctx, TOKEN);
    const first = await lab.mint("a");
    let go = (): void => undefined;
    slow.control.wait = new Promise((resolve) => (go = resolve));
    const making = lab.mint("b");
    const ending = end();
    setImmediate(go);
    await Promise.all([making, ending]);
    expect(await statuses()).toEqual(["revoked", "revoked"]);
    for (const act of [() => lab.mint("c"), first.enable, first.rotate, first.disable]) {
      await expect(act()).rejects.toMatchObject({ code: "INTERRUPTED" });
    }
    expect(await statuses()).toEqual(["revoked", "revoked"]);
    expect(warnings).toEqual([]);
  });

  test("names a canary that it could not revoke, once, with the command to do it", async () => {
    const broken = controlWrites(await openFile());
    const { ctx, end, warnings, statuses } = await createLabContext(broken.store);
    const lab = await openLab(ctx, TOKEN);
    const { name } = await lab.mint("life");
    broken.control.fault = new KeysError("STORE_UNAVAILABLE", "the disk is full");
    await expect(lab.close()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await end();
    expect(warnings).toEqual([
      `could not revoke the test key ${name}; it works until it expires`,
      `revoke it with: mcp-keys revoke ${name} --yes --store '${broken.store.spec}'`,
    ]);
    broken.control.fault = null;
    await end();
    expect(await statuses()).toEqual(["revoked"]);
  });

  test("revokes a canary whose write failed but arrived", async () => {
    const store = await openFile();
    const { ctx, end, statuses, warnings } = await createLabContext({
      ...store,
      async write(draft) {
        const change = await store.write(draft);
        if (draft.op === "generate") throw new KeysError("STORE_UNAVAILABLE", "the connection was lost");
        return change;
      },
    });
    const lab = await openLab(ctx, TOKEN);
    await expect(lab.mint("life")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await statuses()).toEqual(["expiring"]);
    await end();
    expect(await statuses()).toEqual(["revoked"]);
    expect(warnings).toEqual([]);
  });

  test("does not wait forever for a store that does not answer", async () => {
    const hung = controlWrites(await openFile());
    const { ctx, end, warnings } = await createLabContext(hung.store);
    const lab = await openLab(ctx, TOKEN);
    const { name } = await lab.mint("life");
    let go = (): void => undefined;
    hung.control.wait = new Promise((resolve) => (go = resolve));
    await end();
    expect(warnings[0]).toContain(name);
    go();
  });
});

test("a run that is interrupted at any request leaves no canary that works", { timeout: 120_000 }, async () => {
  let [requests, n] = [0, 1];
  // The run that is not interrupted sends fewer requests.
  for (; requests === 0 || requests >= n - 3; n += 3) {
    requests = await interruptAt(n);
    expect(n, "the loop ends").toBeLessThan(400);
  }
  expect(requests).toBeGreaterThan(20);
});

/** Tests a server that follows the store, interrupts the run at the nth request, and returns the number of requests. */
async function interruptAt(n: number): Promise<number> {
  const { ctx, keys, end, statuses, warnings } = await createLabContext();
  const { token } = await keys.generate({ name: "ci", expiresAt: null });
  const verdicts = new Map<string, boolean>();
  const server = await startServer([], {
    async handle(request, response) {
      const presented = this.tokenOf(request);
      verdicts.set(presented, (await keys.check(presented)).ok);
      return ServerBehavior.prototype.handle.call(this, request, response);
    },
    knows: (presented) => verdicts.get(presented) === true,
  });
  const leaving = new AbortController();
  const send = createHttpRequest();
  let requests = 0;
  const lab = await openLab(ctx, token);
  const running = probeAt(server.url, {
    ...{ key: token, lab, patienceMs: 300, only: LIFECYCLE, skip: ["rejects-expired-key"], signal: leaving.signal },
    request: (init) => {
      if (++requests === n) leaving.abort();
      return send(init);
    },
  });
  const interrupted = new Promise<void>((resolve) => {
    leaving.signal.addEventListener("abort", () => {
      resolve();
    });
  });
  await Promise.race([running.catch(() => undefined), interrupted]);
  await end();
  await running.catch(() => undefined);
  // Only the key under test still works.
  expect((await statuses()).filter((status) => status !== "revoked")).toEqual(["active"]);
  expect(warnings).toEqual([]);
  await server.close();
  return requests;
}

const LIFECYCLE = CHECKS.filter(({ group }) => group === "lifecycle").map(({ id }) => id);

describe("mcp-keys test with a store", () => {
  /** Starts a server that follows the CLI's store. */
  async function startServed() {
    const { mcpKeys, env, file } = createProcesses();
    const { stdout } = await mcpKeys(["generate", "ci"]);
    const server = await startServerProcess(`${EXAMPLES}node-http/server.js`, env);
    const token = stdout.trim();
    const canaries = async (): Promise<{ name: string; status: string }[]> => {
      const { keys } = JSON.parse((await mcpKeys(["list", "--json"])).stdout);
      return keys.filter(({ name }: { name: string }) => name !== "ci");
    };
    const run = (args: string[], { store = `file:${file}`, ...more }: ProcessOptions & { store?: string } = {}) =>
      mcpKeys(["test", server.url, "--store", store, ...args], { env: { MCP_API_KEY: token }, ...more });
    return { run, canaries, token, file, journal: () => readFile(file, "utf8") };
  }

  test("passes our server, which follows its store, and revokes its canaries", async () => {
    const { run, canaries, token } = await startServed();
    const { status, stdout, stderr } = await run(["--json", "--only", LIFECYCLE.join(",")]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining("revoked at the end") });
    const { findings, figures } = JSON.parse(stdout);
    expect(figures).toEqual({ revokedKeySeconds: expect.any(Number), revokedStreamSeconds: expect.any(Number) });
    const lifecycle = findings.filter(({ group }: { group: string }) => group === "lifecycle");
    expect(lifecycle.map(({ status: found }: { status: string }) => found)).toEqual(LIFECYCLE.map(() => "pass"));
    expect((await canaries()).map(({ status: found }) => found)).toEqual(["revoked", "revoked"]);
    expect(stdout + stderr).not.toContain(token.slice(-49, -20));
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("revokes its canaries after %s", async (signal, status) => {
    const { run, canaries, journal } = await startServed();
    let kill: ((name: NodeJS.Signals) => void) | undefined;
    const onStderr = (_: string, send: (name: NodeJS.Signals) => void): void => void (kill = send);
    const running = run(["--only", "rejects-expired-key"], { onStderr });
    // The check now waits for this canary to expire.
    await until(async () => (await journal()).includes("mcp-keys-canary-expiring"));
    kill?.(signal);
    expect(await running).toMatchObject({
      status,
      stdout: "",
      stderr: expect.not.stringContaining("could not revoke"),
    });
    expect((await canaries()).map(({ status: found }) => found)).toEqual(["revoked", "revoked"]);
  });

  test("revokes at its start what a killed run left behind, but not the test keys of a run that goes on", async () => {
    const { run, canaries, journal } = await startServed();
    let kill: ((name: NodeJS.Signals) => void) | undefined;
    const onStderr = (_: string, send: (name: NodeJS.Signals) => void): void => void (kill = send);
    const killed = run(["--only", "rejects-expired-key"], { onStderr });
    await until(async () => (await journal()).includes("mcp-keys-canary-expiring"));
    const during = await run(["--only", "accepts-new-key"]);
    expect(during.stderr).not.toContain("left behind");
    kill?.("SIGKILL");
    await killed;
    const { status, stderr } = await run(["--only", "accepts-new-key"]);
    // The other one may have expired by now.
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(/^revoked [12] test keys? /m) });
    expect((await canaries()).filter(({ status: found }) => found === "active" || found === "expiring")).toEqual([]);
  });

  test("exits with the status of the store error if the store fails", async () => {
    const { run } = await startServed();
    const { status, stderr } = await run(["--only", LIFECYCLE.join(",")], { store: "env:" });
    expect({ status, stderr }).toEqual({
      status: 5,
      stderr: expect.stringContaining("env: is read-only"),
    });
  });

  test("is inconclusive with a store that the server does not use", async () => {
    const { run, file } = await startServed();
    const flags = ["--patience", "1s", "--json", "--only", LIFECYCLE.join(",")];
    const { status, stdout } = await run(flags, { store: `file:${file}.other` });
    const { findings } = JSON.parse(stdout);
    expect(findings.map(({ status: found }: { status: string }) => found)).toEqual(LIFECYCLE.map(() => "untestable"));
    expect(findings[0].observed).toContain("your key is not in that store either: does the server use another one?");
    expect(status).toBe(0);
  });
});
