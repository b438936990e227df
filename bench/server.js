/**
 * A guard in front of a handler that answers `ok`, against no guard and the SDK's `requireBearerAuth`. Goals: 0.95 of no
 * guard's requests a second on Express, 0.85 on bare node:http and Fastify, ahead of the SDK's where that checks the key as
 * well, the same at 1 key and at 100,000. Beside them stands a middleware that does nothing, which no guard can be ahead of.
 * Requests per second of the server's own processor time, which other load on the machine disturbs less than those of the
 * clock. By `wrk` where it is installed, the server on a core of its own; else by a slower client of ours, which a fast server waits for.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { fork } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { interleave, median, printTable } from "./figures.js";
import { createLoad } from "./load.js";
import { loadPeer } from "./peers.js";

const ROUNDS = Number(process.env.ROUNDS ?? 9);
/** Of each server so many run at once: what the compiler makes of the same code differs by a tenth from one process to the next. */
const STARTS = Number(process.env.STARTS ?? 3);
const WARM_UP_ROUNDS = 2;
const MANY = 100_000;
const GOALS = { "node:http": ">= 0.85", Express: ">= 0.95", Fastify: ">= 0.85" };
const NONE = "no guard";
const EMPTY = "a middleware that does nothing";
const OURS = ["ours, 1 key", "ours, 100,000 keys"];
const SAYS_YES = "SDK's, which checks nothing";
const SDKS = ["SDK's with a Map of digests, 100,000 keys", "SDK's with our verifier, 100,000 keys"];
const CASES = {
  "node:http": [NONE, EMPTY, ...OURS],
  Express: [NONE, EMPTY, ...OURS, SAYS_YES, ...SDKS],
  Fastify: [NONE, EMPTY, ...OURS],
};

async function drive() {
  for (const [framework, guards] of Object.entries(CASES)) {
    const servers = [];
    for (const guard of guards) {
      for (let i = 0; i < STARTS; i++) servers.push(await start(framework, guard));
    }
    const there = servers.filter(({ port }) => port !== undefined);
    if (there.length > 0) await compare(there);
    for (const { child } of servers) child.disconnect();
  }
}

/** The servers of one framework: the round of each beside the same round of what has no guard. */
async function compare(servers) {
  const load = await createLoad(servers.map(({ child }) => child.pid));
  const cases = servers.map(({ child, port, token, ask }) => ({
    name: child.pid,
    async run() {
      const before = await ask();
      const { requests, seconds } = await load.run(port, token);
      const after = await ask();
      return { cpu: requests / ((after - before) / 1e6), clock: requests / seconds };
    },
  }));
  for (const { run } of cases) for (let i = 0; i < WARM_UP_ROUNDS; i++) await run();
  const series = await interleave(cases, ROUNDS);
  const seriesOf = (guard) =>
    servers.filter((server) => server.guard === guard).map(({ child }) => series.get(child.pid));
  /** What the processes of one guard did in each round, in the middle. */
  const roundsOf = (guard, by) => {
    const all = seriesOf(guard);
    return Array.from({ length: ROUNDS }, (_, round) => median(all.map((one) => one[round][by])));
  };
  const ratio = (guard, by) => {
    const none = roundsOf(NONE, by);
    return median(roundsOf(guard, by).map((each, round) => each / none[round])).toFixed(2);
  };
  const best = (guard) => Math.max(...seriesOf(guard).flatMap((one) => one.map(({ cpu }) => cpu)));
  printTable(
    `Requests, one interleaved run of ${ROUNDS} rounds of ${load.name}; ${STARTS} processes of each`,
    ["server", "a second of CPU", "times no guard", "best by best", "of the clock", "goal"],
    [...new Set(servers.map(({ guard }) => guard))].map((guard) => {
      const { framework } = servers[0];
      const goal = OURS.includes(guard) ? GOALS[framework] : SDKS.includes(guard) ? "behind ours" : "";
      return [
        ...[`${framework}, ${guard}`, Math.round(median(roundsOf(guard, "cpu"))), ratio(guard, "cpu")],
        ...[(best(guard) / best(NONE)).toFixed(2), ratio(guard, "clock"), goal],
      ];
    }),
  );
}

/** A process for each, as in use: what the compiler learns from one guard would slow down the others. */
async function start(framework, guard) {
  const child = fork(fileURLToPath(import.meta.url), [framework, guard]);
  const hear = () =>
    new Promise((resolve, reject) => {
      child.once("message", resolve).once("exit", () => reject(new Error(`${framework}, ${guard}: the server ended`)));
    });
  const ask = () => {
    child.removeAllListeners("exit");
    const answer = hear();
    child.send("cpu");
    return answer;
  };
  return { framework, guard, child, ask, ...(await hear()) };
}

async function serve(framework, guard) {
  const keyed = await createKeyed(guard.includes("100,000") ? MANY : 1);
  const port = await SERVERS[framework](await createMiddleware(framework, guard, keyed));
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send(user + system);
  });
  process.on("disconnect", () => process.exit());
  process.send({ port, token: keyed.token });
}

/** `null` for none, what to register on Fastify, undefined when a package is missing. */
async function createMiddleware(framework, guard, { store, verifier }) {
  const { createTokenVerifier, guardFastify, guardNode } = await import("../dist/index.js");
  if (guard === NONE) return null;
  if (framework === "Fastify") return guard === EMPTY ? empty : [guardFastify, { verifier }];
  if (guard === EMPTY) return (_request, _response, next) => next();
  if (OURS.includes(guard)) return guardNode(verifier);
  const auth = "@modelcontextprotocol/sdk/server/auth";
  const [sdk, errors] = await Promise.all([`${auth}/middleware/bearerAuth.js`, `${auth}/errors.js`].map(loadPeer));
  if (sdk === null || errors === null) return undefined;
  const refuse = (why) => new errors.InvalidTokenError(why);
  const [plain, own] = SDKS;
  const verifiers = {
    [SAYS_YES]: () => ({ verifyAccessToken: async (token) => authInfo(token, "ci") }),
    [plain]: () => createPlainVerifier(store, refuse),
    [own]: () => createTokenVerifier(verifier, refuse),
  };
  return sdk.requireBearerAuth({ verifier: await verifiers[guard]() });
}

const empty = Symbol("a hook that does nothing");
const answer = (_, response) => response.writeHead(200, { "content-length": "2" }).end("ok");
const listen = (server) =>
  new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));

/** Each returns its port, or undefined when its package is missing. */
const SERVERS = {
  "node:http": (guard) =>
    listen(
      createServer(
        guard === null ? answer : (request, response) => guard(request, response, () => answer(request, response)),
      ),
    ),
  async Express(guard) {
    const express = await loadPeer("express");
    if (express === null || guard === undefined) return undefined;
    const app = express.default();
    // At the route: `app.use` alone costs more than most guards.
    app.post("/mcp", ...(guard === null ? [] : [guard]), answer);
    return listen(createServer(app));
  },
  async Fastify(guard) {
    const fastify = await loadPeer("fastify");
    if (fastify === null) return undefined;
    const app = fastify.default();
    if (guard === empty) app.addHook("onRequest", (_request, _reply, done) => done());
    else if (guard !== null) await app.register(...guard);
    app.post("/mcp", (_, reply) => reply.send("ok"));
    await app.listen({ port: 0, host: "127.0.0.1" });
    return app.server.address().port;
  },
};

/** On a file, as in use: a store in memory would add to what is collected again and again. */
async function createKeyed(count) {
  const { createVerifier, openStore } = await import("../dist/index.js");
  const folder = await mkdtemp(join(tmpdir(), "mcp-keys-bench-"));
  process.on("exit", () => rmSync(folder, { recursive: true }));
  const store = await openStore(`file:${join(folder, "keys.jsonl")}`);
  const { history, tokens } = await createHistory();
  await store.adopt(history.slice(0, count));
  return { token: tokens[count - 1], store, verifier: await createVerifier({ store }) };
}

/**
 * As long in every server, with no guard too: it also makes the compiler and the collector ready, by which servers that were
 * just started differ more than by any guard.
 */
async function createHistory() {
  const { createKeys, openStore } = await import("../dist/index.js");
  const memory = await openStore("memory:");
  const keys = createKeys({ store: memory, by: "bench@here" });
  const tokens = [];
  for (let i = 0; i < MANY; i++) {
    const made = await keys.generate({ name: `key-${i}`, expiresAt: null, scopes: ["mcp"] });
    tokens.push(made.token.reveal());
  }
  const history = [];
  for await (const change of memory.changes(0)) history.push(change);
  return { history, tokens };
}

/** What a careful author writes: the digest found by the id, compared in constant time. */
async function createPlainVerifier(store, refuse) {
  const keys = new Map();
  for (const { id, scopes, versions } of (await store.snapshot()).keys) {
    keys.set(id, { id, scopes, digest: Buffer.from(versions[0].digest.slice(-64), "hex"), expiresAt: null });
  }
  return {
    async verifyAccessToken(token) {
      const key = keys.get(token.split("_")[1]);
      const digest = createHash("sha256").update(token).digest();
      const isExpired = key?.expiresAt !== null && Date.now() / 1000 >= key?.expiresAt;
      if (key === undefined || !timingSafeEqual(digest, key.digest) || isExpired) {
        throw refuse("The key is not valid here");
      }
      return authInfo(token, key.id, key.scopes);
    },
  };
}

function authInfo(token, clientId, scopes = ["mcp"]) {
  return { token, clientId, scopes, expiresAt: 4_000_000_000 };
}

const [, , framework, guard] = process.argv;
if (framework === undefined) await drive();
else await serve(framework, guard);
