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

/** Milliseconds after which a running server knows. */
const BOUND = 1_000;
const REQUESTS = 10_000;
/** Judgements of either kind, below which nothing was shown. */
const ENOUGH = 300;
const isEnough = (count: number) => count >= ENOUGH;
const TICK = 20;
const CLIENTS = 8;
/** So many that a token lives longer than the bound, since one after the other is changed. */
const KEYS = 200;

/** What is known of a token, by the clock of this process. */
interface Known {
  readonly token: string;
  readonly since: number;
  isEnding: boolean;
  ended: number;
}

test("while keys rotate and are revoked, no valid token is refused and none that ended is let in", async () => {
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
        if (status !== 401) wrong.push(`let in ${Math.round(start - one.ended)} ms after its end`);
      } else if (start >= one.since + bound() && !one.isEnding) {
        tally.valid++;
        if (status !== 200) wrong.push(`refused (${status}) though valid`);
      } else {
        tally.between++;
      }
    }
  };
  // Nothing can be said of the first second.
  await until(() => performance.now() - known[0]!.since > BOUND);
  await Promise.all(Array.from({ length: CLIENTS }, client));

  expect(wrong).toEqual([]);
  expect(tally.valid + tally.ended + tally.between).toBeGreaterThanOrEqual(REQUESTS);
  expect(tally).toMatchObject({ valid: expect.toSatisfy(isEnough), ended: expect.toSatisfy(isEnough) });
  expect(changes()).toBeGreaterThan(100);
});

/** Milliseconds for which this process, server and all, was not run of late: by a machine that had other things to do. */
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

/** One of all there were, or one of the latest: most of the others have ended long ago. */
function pick(n: number, length: number): number {
  return n % 2 === 0 ? (n * 7) % length : Math.max(0, length - 1 - (n % (2 * KEYS)));
}

async function startRotating(folder: string, path: string): Promise<{ known: Known[]; changes: () => number }> {
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
  const known: Known[] = [];
  const byToken = new Map<string, Known>();
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
