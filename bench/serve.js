/** Starts servers, each in its own process: `serve.js <framework> <guard>`. */
import { createHash, timingSafeEqual } from "node:crypto";
import { fork } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HTTP2 } from "./load.js";
import { loadPeer } from "./peers.js";

export const NONE = "no guard";
export const EMPTY = "empty middleware";
export const OURS = ["ours, 1 key", "ours, 100,000 keys"];
/** The same without watching the responses. */
export const KEPT = "ours, 1 key, open streams kept";
export const SAYS_YES = "SDK's, accepting every token";
export const SDKS = ["SDK's with a Map of digests, 100,000 keys", "SDK's with our verifier, 100,000 keys"];
const MANY = Number(process.env.KEYS ?? 100_000);

/**
 * Starts a server in its own process, as in production: in one process, types seen by one guard would slow down the others.
 * @returns `port`, undefined if a package is missing; `token`; `ask`, which returns the CPU time so far in microseconds
 */
export async function start(framework, guard, options = {}) {
  const child = fork(fileURLToPath(import.meta.url), [framework, guard], options);
  const nextMessage = () =>
    new Promise((resolve, reject) => {
      child.once("message", resolve).once("exit", () => reject(new Error(`${framework}, ${guard}: the server ended`)));
    });
  const ask = () => {
    child.removeAllListeners("exit");
    const answer = nextMessage();
    child.send("cpu");
    return answer;
  };
  return { framework, guard, child, ask, ...(await nextMessage()) };
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

/** Returns a middleware or Fastify plugin, `null` for no guard, undefined if a package is missing. */
async function createMiddleware(framework, guard, { store, verifier }) {
  const { createTokenVerifier, guardFastify, guardFetch, guardNode } = await import("../dist/index.js");
  if (guard === NONE) return null;
  const options = guard === KEPT ? { openStreams: "keep" } : {};
  if (framework === "Fastify") return guard === EMPTY ? empty : [guardFastify, { verifier, ...options }];
  if (framework === "Hono") return guard === EMPTY ? (_request, handle) => handle() : guardFetch(verifier, options);
  if (guard === EMPTY) return (_request, _response, next) => next();
  if ([...OURS, KEPT].includes(guard)) return guardNode(verifier, options);
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

const empty = Symbol("empty hook");
const answer = (_, response) => response.writeHead(200, { "content-length": "2" }).end("ok");
const listen = (server) =>
  new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));

const guarded = (guard) =>
  guard === null ? answer : (request, response) => guard(request, response, () => answer(request, response));

/** Each starts a server and returns its port, or undefined if a package is missing. */
const SERVERS = {
  "node:http": (guard) => listen(createServer(guarded(guard))),
  [HTTP2]: (guard) => listen(createHttp2Server(guarded(guard))),
  async Express(guard) {
    const express = await loadPeer("express");
    if (express === null || guard === undefined) return undefined;
    const app = express.default();
    // On the route: `app.use` alone costs more than most guards.
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
  async Hono(guard) {
    const [hono, node] = await Promise.all(["hono", "@hono/node-server"].map(loadPeer));
    if (hono === null || node === null) return undefined;
    const answer = (c) => c.text("ok");
    const app = new hono.Hono().post("/mcp", guard === null ? answer : (c) => guard(c.req.raw, () => answer(c)));
    return listen(createServer(node.getRequestListener(app.fetch)));
  },
};

/** Uses a file store, as in production: a memory store would add objects to every garbage collection. */
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
 * Generates all keys in every server, even without a guard. This also warms up the compiler and the garbage collector, which
 * otherwise differ between new processes more than any guard.
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

/** The verifier a careful author would write: finds the digest by the key's id and compares it in constant time. */
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

const [, entry, framework, guard] = process.argv;
if (entry === fileURLToPath(import.meta.url)) await serve(framework, guard);
