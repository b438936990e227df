import { once } from "node:events";
import {
  createServer,
  request as send,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import express from "express";
import fastify from "fastify";
import { createTokenVerifier, createVerifier, guardFastify, guardFetch, guardNode } from "../../src/index.ts";
import { createKeys, openStore, requireApiKeyFromEnv, type Acknowledgement, type Verifier } from "../../src/index.ts";

/** Runs every fault against every adapter, and prints one line of JSON for each. The process must reach its end. */

const rejected = async (): Promise<never> => Promise.reject(new Error("rejected"));
const thrown = (): never => {
  throw new Error("thrown");
};
const never = (): Promise<never> => new Promise(() => undefined);
const HOOKS = { thrown, rejected, never };
const CORS = { allowedOrigins: ["https://app.example"] };
const BODY = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}';

const store = await openStore("memory:");
const { token } = await createKeys({ store, peppers: [] }).generate({ name: "ci", expiresAt: null });
const headers = { authorization: `Bearer ${token.reveal()}`, "content-type": "application/json" };

const say = (adapter: string, fault: string, result: unknown): void =>
  void process.stdout.write(`${JSON.stringify([adapter, fault, result])}\n`);

/** Sends a POST and returns its status, or `0` if the connection was closed. `cut`: the client leaves half way. */
async function post(listener: RequestListener, cut = false): Promise<number> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const request = send({
    port,
    host: "127.0.0.1",
    method: "POST",
    headers: { ...headers, "content-length": BODY.length },
  });
  const status = new Promise<number>((resolve) => {
    request
      .on("error", () => resolve(0))
      .on("response", (response: IncomingMessage) => {
        response.on("error", () => undefined).resume();
        resolve(response.statusCode ?? 0);
      });
    setTimeout(resolve, 2000, -1).unref();
  });
  if (cut) {
    request.write(BODY.slice(0, 10));
    setTimeout(() => request.destroy(), 30);
  } else request.end(BODY);
  const got = await status;
  await new Promise((resolve) => setTimeout(resolve, 60));
  server.closeAllConnections();
  server.close();
  return got;
}

const answer = (_request: unknown, response: ServerResponse): void => void response.end("ok");
type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;
const HANDLERS: Record<string, Handler> = {
  throws: thrown,
  rejects: rejected,
  "throws after the head": (_request, response) => {
    response.writeHead(200).write("half");
    return thrown();
  },
};

async function openVerifier(options: object = {}): Promise<Verifier> {
  return createVerifier({ store, peppers: [], ...options });
}

for (const [kind, hook] of Object.entries(HOOKS)) {
  const verifier = await openVerifier({ onVerdict: hook, log: hook, onFault: hook });
  say(
    "hooks",
    kind,
    await post((request, response) => guardNode(verifier)(request, response, () => answer(request, response))),
  );
  say("hooks", `${kind}, refused`, verifier.verify("x").ok);
  await verifier.close();
}

let hasStarted = false;
const broken = await openVerifier({
  store: {
    ...store,
    watch: thrown,
    touch: rejected,
    changes: (since: number) => (hasStarted ? thrown() : store.changes(since)),
    acknowledge: async (news: Acknowledgement) => (hasStarted ? thrown() : store.acknowledge?.(news)),
    unfollow: thrown,
  },
  pollEvery: 0.01,
  flushEvery: 0.01,
});
broken.onRevoked(thrown);
hasStarted = true;
await new Promise((resolve) => setTimeout(resolve, 80));
say("store", "throws in every callback", broken.verify(token.reveal()).ok);
await broken.close();
let isBroken = false;
const clock = await openVerifier({ now: () => (isBroken ? thrown() : 1_800_000_000), pollEvery: 0.01 });
isBroken = true;
await new Promise((resolve) => setTimeout(resolve, 50));
say(
  "clock",
  "throws",
  await post((request, response) => guardNode(clock)(request, response, () => answer(request, response))),
);
await clock.close();

const verifier = await openVerifier();
for (const toolScopes of [undefined, { other: ["admin"] }]) {
  const guard = guardNode(verifier, { ...CORS, ...(toolScopes && { toolScopes }) });
  const tools = toolScopes === undefined ? "" : " with toolScopes";
  for (const [fault, handle] of Object.entries(HANDLERS)) {
    const listener: RequestListener = (request, response) => guard(request, response, () => handle(request, response));
    say(`node:http${tools}`, fault, await post(listener));
    const app = express();
    app.use(
      (request, response, next) => guard(request, response, next),
      (request, response) => handle(request, response),
    );
    app.use(((_error, _request, response, _next) => {
      if (response.headersSent) response.destroy();
      else response.status(555).end();
    }) as express.ErrorRequestHandler);
    say(`express${tools}`, fault, await post(app as RequestListener));
  }
  say(
    `node:http${tools}`,
    "next takes an error",
    await post((request, response) =>
      guard(request, response, (error) => (error === undefined ? thrown() : response.writeHead(555).end())),
    ),
  );
  say(`node:http${tools}`, "no next", await post(guard as unknown as RequestListener));
  say(
    `node:http${tools}`,
    "answered before",
    await post((request, response) => {
      response.writeHead(504).end();
      guard(request, response, thrown);
    }),
  );
  say(
    `node:http${tools}`,
    "answered meanwhile",
    await post((request, response) => {
      guard(request, response, () => answer(request, response));
      if (!response.headersSent) response.writeHead(504).end();
    }),
  );
  say(
    `node:http${tools}`,
    "client leaves",
    await post((request, response) => guard(request, response, () => answer(request, response)), true),
  );

  const app = fastify();
  app.setErrorHandler((_error, _request, reply) => reply.code(555).send());
  await app.register(guardFastify, { verifier, ...CORS, ...(toolScopes && { toolScopes }) });
  let how: unknown = thrown;
  app.post("/", () => (how as () => unknown)());
  await app.ready();
  for (const handle of [thrown, rejected]) {
    how = handle;
    const { statusCode } = await app.inject({ method: "POST", url: "/", headers, payload: BODY });
    say(`fastify${tools}`, handle.name, statusCode);
  }
  say(`fastify${tools}`, "client leaves", await post((request, response) => app.routing(request, response), true));
  await app.close();

  const guarded = guardFetch(verifier, { ...CORS, ...(toolScopes && { toolScopes }) });
  for (const handle of [thrown, rejected]) {
    const request = new Request("http://127.0.0.1/", { method: "POST", headers, body: BODY });
    say(
      `fetch${tools}`,
      handle.name,
      await guarded(request, handle).then(
        () => "answered",
        (cause: unknown) => String(cause),
      ),
    );
  }
}

const sdk = createTokenVerifier(verifier, (message) => new Error(message));
say("sdk", "refused", await sdk.verifyAccessToken("x").catch((cause: unknown) => String(cause)));

const failing = new PassThrough();
const output = { write: thrown, on: () => undefined };
const input = new PassThrough();
input.end('{"jsonrpc":"2.0","id":1,"method":"initialize"}\n');
const refused = async (streams: object): Promise<unknown> =>
  requireApiKeyFromEnv({ store, env: {}, answer: streams as never }).catch(
    (cause: unknown) => (cause as { code?: string }).code,
  );
say("stdio", "output throws", await refused({ input, output }));
const again = new PassThrough();
again.write('{"jsonrpc":"2.0","id":1,"method":"initialize"}\n');
failing.destroy(new Error("EPIPE"));
say("stdio", "output is closed", await refused({ input: again, output: failing }).finally(() => undefined));
const gone = new PassThrough();
setTimeout(() => gone.destroy(new Error("read failed")), 20);
say("stdio", "input fails", await refused({ input: gone, output: new PassThrough() }));

await verifier.close();
say("process", "end", "reached");
process.exit(0);
