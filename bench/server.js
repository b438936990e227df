/**
 * A guard in front of a handler that answers `ok`, against no guard and the SDK's `requireBearerAuth` (with a verifier that
 * only says yes). Goals: 0.95 of no guard's requests a second on Express, 0.85 on bare node:http and Fastify, always ahead
 * of the SDK's, the same at 1 key and at 100,000. Requests per second of the server's own processor time, which other load
 * on the machine disturbs less than those of the clock.
 */
import { fork } from "node:child_process";
import { createServer } from "node:http";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { interleave, median, printTable } from "./figures.js";
import { loadPeer } from "./peers.js";

const ROUNDS = Number(process.env.ROUNDS ?? 9);
const ROUND_MS = 600;
const CONNECTIONS = 16;
const GOALS = { "node:http": ">= 0.85", Express: ">= 0.95", Fastify: ">= 0.85" };

if (process.argv[2] === "serve") await serve();
else await drive();

async function drive() {
  const child = fork(fileURLToPath(import.meta.url), ["serve"]);
  const asked = [];
  child.on("message", (message) => asked.shift()(message));
  child.on("exit", (code) => {
    if (code !== null) throw new Error(`the servers ended with ${code}`);
  });
  const ask = (text) =>
    new Promise((resolve) => {
      asked.push(resolve);
      child.send(text);
    });
  const servers = await ask("servers");
  const wall = new Map(servers.map(({ name }) => [name, []]));
  const cases = servers.map(({ name, port, token }) => ({
    name,
    async run() {
      const before = await ask("cpu");
      const { requests, seconds } = await load(port, token);
      const after = await ask("cpu");
      wall.get(name).push(requests / seconds);
      return requests / ((after - before) / 1e6);
    },
  }));
  for (const { name, run } of cases) {
    await run();
    wall.get(name).length = 0;
  }
  const series = await interleave(cases, ROUNDS);
  child.kill();
  printTable(
    `Requests, one interleaved run of ${ROUNDS} rounds of ${ROUND_MS} ms, ${CONNECTIONS} connections`,
    ["server", "a second of CPU", "times no guard", "of the clock", "goal"],
    servers.map(({ name, framework, guard }) => {
      const ratio = (all) => median(all.get(name).map((each, i) => each / all.get(`${framework}, no guard`)[i]));
      const goal = guard === "no guard" ? "" : guard.includes("SDK") ? "behind ours" : GOALS[framework];
      const speed = Math.round(median(series.get(name)));
      return [name, speed, ratio(series).toFixed(2), ratio(wall).toFixed(2), goal];
    }),
  );
}

/** Sends one request after the other on each connection. */
async function load(port, token) {
  const request = `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nContent-Length: 0\r\n\r\n`;
  const start = performance.now();
  let requests = 0;
  const send = () =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => socket.write(request));
      socket.setNoDelay(true).setEncoding("latin1").on("error", reject);
      socket.on("data", (text) => {
        if (!text.startsWith("HTTP/1.1 200") || !text.endsWith("\r\n\r\nok")) return socket.destroy(new Error(text));
        requests++;
        if (performance.now() - start < ROUND_MS) socket.write(request);
        else socket.end(resolve);
      });
    });
  await Promise.all(Array.from({ length: CONNECTIONS }, send));
  return { requests, seconds: (performance.now() - start) / 1000 };
}

async function serve() {
  const few = await createKeyed(1);
  const many = await createKeyed(100_000);
  const [express, fastify, sdk] = await Promise.all(
    ["express", "fastify", "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js"].map(loadPeer),
  );
  const { guardFastify, guardNode } = await import("../dist/index.js");
  const guards = { "no guard": null, "ours, 1 key": few, "ours, 100,000 keys": many };
  const servers = [];
  const add = (framework, guard, port, { token } = many) =>
    servers.push({ name: `${framework}, ${guard}`, framework, guard, port, token });
  const listen = (server) =>
    new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
  const answer = (_, response) => response.writeHead(200, { "content-length": "2" }).end("ok");

  for (const [name, keyed] of Object.entries(guards)) {
    const guard = keyed && guardNode(keyed.verifier);
    const handler = guard ? (request, response) => guard(request, response, () => answer(request, response)) : answer;
    add("node:http", name, await listen(createServer(handler)), keyed ?? undefined);
  }
  const onExpress = async (name, guard, keyed) => {
    const app = express.default();
    if (guard !== null) app.use("/mcp", guard);
    app.post("/mcp", answer);
    add("Express", name, await listen(createServer(app)), keyed);
  };
  if (express !== null) {
    for (const [name, keyed] of Object.entries(guards))
      await onExpress(name, keyed && guardNode(keyed.verifier), keyed ?? undefined);
    if (sdk !== null) {
      const verifyAccessToken = async (token) => ({ token, clientId: "ci", scopes: ["mcp"], expiresAt: 4_000_000_000 });
      await onExpress("SDK's requireBearerAuth", sdk.requireBearerAuth({ verifier: { verifyAccessToken } }));
    }
  }
  if (fastify !== null) {
    for (const [name, keyed] of Object.entries(guards)) {
      const app = fastify.default();
      if (keyed !== null) await app.register(guardFastify, { verifier: keyed.verifier });
      app.post("/mcp", (_, reply) => reply.send("ok"));
      await app.listen({ port: 0, host: "127.0.0.1" });
      add("Fastify", name, app.server.address().port, keyed ?? undefined);
    }
  }
  process.on("message", (what) => {
    const { user, system } = process.cpuUsage();
    process.send(what === "servers" ? servers : user + system);
  });
}

async function createKeyed(count) {
  const { createKeys, createVerifier, openStore } = await import("../dist/index.js");
  const store = await openStore("memory:");
  const keys = createKeys({ store, by: "bench@here" });
  let token = "";
  for (let i = 0; i < count; i++) {
    const made = await keys.generate({ name: `key-${i}`, expiresAt: null, scopes: ["mcp"] });
    token = made.token.reveal();
  }
  return { token, verifier: await createVerifier({ store }) };
}
