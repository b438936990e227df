import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, createServer, request as send, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { guardNode } from "../../../src/server/node/guard-node.ts";
import { createVerifier } from "../../../src/server/verifier/verifier.ts";
import { openFileStore } from "../../../src/stores/file.ts";
import { until } from "../fixture.ts";

/** Milliseconds until a running server must know about a change. */
const BOUND = 1_000;
const REQUESTS = 10_000;
/** The least number of verdicts of each kind. */
const ENOUGH = 300;
const isEnough = (count: number) => count >= ENOUGH;
const TICK = 20;
const CLIENTS = 8;
/** Keys are changed one after the other, so with this many a token lives longer than the bound. */
const KEYS = 200;

/** A token and its times, by the clock of this process. */
interface TimedToken {
  readonly token: string;
  readonly since: number;
  isEnding: boolean;
  ended: number;
}

test("accepts every valid token and no ended one while keys rotate and are revoked", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mcp-keys-change-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "keys.jsonl");
  const { known, changes } = await startRotating(folder, path);
  const ask = await startServer(path);
  const stalls = watchStalls();

  const bound = () => BOUND + stalls();
  const tally = { valid: 0, ended: 0, between: 0 };
  const wrong: string[] = [];
  let sent = 0;
  const isThin = () => Math.min(tally.valid, tally.ended) < ENOUGH;
  const client = async () => {
    while (sent < REQUESTS || (sent < 10 * REQUESTS && isThin())) {
      const one = known[pick(sent++, known.length)]!;
      const start = performance.now();
      const status = await ask(one.token);
      if (start >= one.ended + bound()) {
        tally.ended++;
        if (status !== 401) wrong.push(`accepted ${Math.round(start - one.ended)} ms after its end`);
      } else if (start >= one.since + bound() && !one.isEnding) {
        tally.valid++;
        if (status !== 200) wrong.push(`refused (${status}) though valid`);
      } else {
        tally.between++;
      }
    }
  };
  // The first second proves nothing.
  await until(() => performance.now() - known[0]!.since > BOUND);
  await Promise.all(Array.from({ length: CLIENTS }, client));

  expect(wrong).toEqual([]);
  expect(tally.valid + tally.ended + tally.between).toBeGreaterThanOrEqual(REQUESTS);
  expect(tally).toMatchObject({ valid: expect.toSatisfy(isEnough), ended: expect.toSatisfy(isEnough) });
  expect(changes()).toBeGreaterThan(100);
});

/** Returns for how many of the latest milliseconds a busy machine did not run this process. */
function watchStalls(): () => number {
  const stalls: { at: number; ms: number }[] = [];
  let before = performance.now();
  const timer = setInterval(() => {
    const at = performance.now();
    if (at - before > 2 * TICK) stalls.push({ at, ms: at - before - TICK });
    before = at;
  }, TICK);
  onTestFinished(() => clearInterval(timer));
  return () => {
    while (stalls.length > 0 && performance.now() - stalls[0]!.at > 3 * BOUND) stalls.shift();
    return stalls.reduce((sum, { ms }) => sum + ms, 0);
  };
}

/** Picks from all tokens, or from the latest: most others ended long ago. */
function pick(n: number, length: number): number {
  return n % 2 === 0 ? (n * 7) % length : Math.max(0, length - 1 - (n % (2 * KEYS)));
}

async function startRotating(folder: string, path: string): Promise<{ known: TimedToken[]; changes: () => number }> {
  const script = join(folder, "rotating.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "rotating.main.ts")],
    ...{ outfile: script, bundle: true, platform: "node", format: "esm" },
  });
  const child = spawn(process.execPath, [script, path, String(KEYS)], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.on("error", () => undefined);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  const known: TimedToken[] = [];
  const byToken = new Map<string, TimedToken>();
  let lines = 0;
  createInterface(child.stdout).on("line", (line) => {
    lines++;
    const [word, token = ""] = line.split(" ");
    const one = byToken.get(token) ?? { token, since: performance.now(), isEnding: false, ended: Infinity };
    if (!byToken.has(token)) known.push(one);
    byToken.set(token, one);
    if (word === "ended") one.ended = performance.now();
    if (word !== "ending") return;
    one.isEnding = true;
    child.stdin.write("\n");
  });
  await until(() => known.length >= 8);
  return { known, changes: () => lines };
}

async function startServer(path: string): Promise<(token: string) => Promise<number>> {
  const store = await openFileStore(path, { env: {}, uid: process.getuid?.() ?? null, dataDir: null });
  const verifier = await createVerifier({ store });
  const guard = guardNode(verifier);
  const server = createServer((request, response) => guard(request, response, () => response.end()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  onTestFinished(async () => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
    await verifier.close();
    await store.close();
  });
  const { port } = server.address() as AddressInfo;
  return async (token) => {
    const request = send({ host: "127.0.0.1", port, agent, headers: { authorization: `Bearer ${token}` } });
    request.end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.resume();
    await once(response, "end");
    return response.statusCode ?? 0;
  };
}
