import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { createGunzip, gzipSync } from "node:zlib";
import { buffer, text } from "node:stream/consumers";
import express, { type RequestHandler } from "express";
import fastify, { type FastifyInstance } from "fastify";
import { Hono, type MiddlewareHandler } from "hono";
import { expect, onTestFinished, test } from "vitest";
import { guardFastify } from "../../../src/server/fastify.ts";
import { guardFetch, type FetchGuardInput } from "../../../src/server/fetch/guard-fetch.ts";
import { guardNode } from "../../../src/server/node/guard-node.ts";
import { createFixture } from "../fixture.ts";
import { call } from "./guarded.ts";

const OPTIONS = { toolScopes: { wipe: ["admin"] } };
const WIPE = JSON.stringify(call("wipe"));
const ADD = JSON.stringify(call("add"));

/** Asks a server, and returns the status and whether the handler ran. */
type Ask = (body: string | null, headers?: Record<string, string>) => Promise<[status: number, ran: boolean]>;

async function listen(server: Server, token: string, hasRun: () => boolean): Promise<Ask> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  return async (body, headers) => {
    const all = {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      connection: "close",
      ...headers,
    };
    const response = await fetch(url, body === null ? { headers: all } : { method: "POST", headers: all, body });
    await response.text();
    return [response.status, hasRun()];
  };
}

async function startExpress(...before: RequestHandler[]) {
  const { verifier, issue, lines } = await createFixture();
  let ran = false;
  const handle: RequestHandler = (_request, response) => {
    ran = true;
    response.end();
  };
  const app = express().use(...before, guardNode(verifier, OPTIONS) as RequestHandler, handle);
  const ask = await listen(createServer(app as RequestListener), await issue("ci"), () => ran);
  return { ask, lines };
}

/** What a middleware in front may do with the bytes of the body. */
const taking = (leave: (request: IncomingMessage & Record<string, unknown>, bytes: Buffer) => void): RequestHandler =>
  (async (request, _response, next) => {
    leave(request as never, await buffer(request));
    next();
  }) as RequestHandler;

const FORM = { "content-type": "application/x-www-form-urlencoded" };

test.each<[string, RequestHandler]>([
  ["leaves it nowhere", taking(() => undefined)],
  ["leaves it in a property of its own", taking((request, bytes) => (request["payload"] = JSON.parse(String(bytes))))],
  ["leaves only the {} of Express 4", taking((request) => (request["body"] = {}))],
  ["leaves a stream", taking((request, bytes) => (request["body"] = new Blob([bytes]).stream()))],
  ["leaves an object of a class", taking((request) => (request["body"] = new URLSearchParams("a=b")))],
  [
    "took the first bytes",
    (async (request, _response, next) => {
      await once(request, "readable");
      request.read(1);
      next();
    }) as RequestHandler,
  ],
])("Express: answers 500 and logs the fix if a middleware %s", async (_, before) => {
  const { ask, lines } = await startExpress(before);
  expect(await ask(WIPE)).toEqual([500, false]);
  expect(await ask(ADD)).toEqual([500, false]);
  const logged = lines.filter((line) => line.includes("was read before the guard"));
  expect(logged).toHaveLength(2);
  expect(logged[0]).toContain("put the guard first");
  expect(logged[0]).toContain("request.body");
});

test.each<[string, RequestHandler]>([
  ["body as a value", express.json()],
  ["body as text", express.text({ type: "*/*" })],
  ["body as bytes", express.raw({ type: "*/*" })],
  ["rawBody as bytes", taking((request, bytes) => (request["rawBody"] = bytes))],
  ["rawBody as text", taking((request, bytes) => (request["rawBody"] = String(bytes)))],
])("Express: judges %s", async (_, before) => {
  const { ask, lines } = await startExpress(before);
  expect(await ask(WIPE)).toEqual([403, false]);
  expect(await ask(ADD)).toEqual([200, true]);
  expect(lines.join()).not.toContain("was read before");
});

test("Express: judges body and rawBody, since the server may use either", async () => {
  const { ask } = await startExpress(
    taking((request, bytes) => Object.assign(request, { body: call("add"), rawBody: bytes })),
  );
  expect(await ask(WIPE)).toEqual([403, false]);
  expect(await ask(ADD)).toEqual([200, true]);
});

test("Express: accepts requests without a body after a middleware that reads every body", async () => {
  const { ask } = await startExpress(taking(() => undefined));
  expect(await ask(null)).toEqual([200, true]);
  expect(await ask("")).toEqual([200, true]);
});

test("Express: two guards in a row accept a request", async () => {
  const { verifier, issue } = await createFixture();
  const guard = guardNode(verifier, OPTIONS) as RequestHandler;
  let received = "";
  const app = express().use(guard, guard, async (request, response) => {
    received = await text(request);
    response.end();
  });
  const ask = await listen(createServer(app as RequestListener), await issue("ci"), () => received !== "");
  expect(await ask(ADD)).toEqual([200, true]);
  expect(received).toBe(ADD);
});

test("Express: refuses a form, which a parser behind the guard could read as another call", async () => {
  const { ask } = await startExpress();
  const both = `{"a":"&method=tools/call&params[name]=wipe&b="}`;
  expect(await ask(both, FORM)).toEqual([415, false]);
  expect(await ask(both, { "content-type": "multipart/form-data; boundary=x" })).toEqual([415, false]);
  expect(await ask(ADD, { "content-type": "application/json; charset=utf-16" })).toEqual([415, false]);
  expect(await ask(ADD, { "content-type": "application/vnd.api+json" })).toEqual([200, true]);
});

async function startFastify(prepare: (app: FastifyInstance) => void) {
  const { verifier, issue, lines } = await createFixture();
  let ran = false;
  const app = fastify();
  prepare(app);
  await app.register(guardFastify, { verifier, ...OPTIONS });
  app.all("/mcp", async () => (ran = true));
  await app.ready();
  return { ask: await listen(app.server, await issue("ci"), () => ran), lines };
}

test("Fastify: answers 500 and logs the fix if a parser takes the body and leaves nothing", async () => {
  const { ask, lines } = await startFastify((app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, payload, done) => void buffer(payload).then(() => done(null)));
  });
  expect(await ask(WIPE)).toEqual([500, false]);
  expect(lines.join("\n")).toContain("was read before the guard");
});

test("Fastify: answers 500 for a body that is a stream of other bytes, and judges the unread stream itself", async () => {
  const unpacked = await startFastify((app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, payload, done) => done(null, payload.pipe(createGunzip())));
  });
  const packed = gzipSync(WIPE) as unknown as string;
  expect(await unpacked.ask(packed)).toEqual([500, false]);
  const passed = await startFastify((app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  });
  expect(await passed.ask(WIPE)).toEqual([403, false]);
  expect(await passed.ask(ADD)).toEqual([200, true]);
});

async function startHono(before: MiddlewareHandler, input: (app: Request) => FetchGuardInput = () => ({})) {
  const { verifier, issue, lines } = await createFixture();
  const token = await issue("ci");
  const guard = guardFetch(verifier, OPTIONS);
  let ran = false;
  const app = new Hono().use(before).all("*", (c) =>
    guard(
      c.req.raw,
      () => {
        ran = true;
        return new Response();
      },
      input(c.req.raw),
    ),
  );
  const ask: Ask = async (body) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const { status } = await app.request("/mcp", body === null ? { headers } : { method: "POST", headers, body });
    return [status, ran];
  };
  return { ask, lines };
}

test.each<[string, MiddlewareHandler]>([
  [
    "read the body",
    async (c, next) => {
      await c.req.text();
      await next();
    },
  ],
  [
    "holds a reader of the body",
    async (c, next) => {
      c.req.raw.body?.getReader();
      await next();
    },
  ],
])("Hono: answers 500 and logs the fix if a middleware %s", async (_, before) => {
  const { ask, lines } = await startHono(before);
  expect(await ask(WIPE)).toEqual([500, false]);
  expect(lines.join("\n")).toContain("to guardFetch as { parsedBody }");
  expect(await ask(null)).toEqual([200, true]);
});

test.each<[string, "json" | "text" | "arrayBuffer"]>([
  ["a value", "json"],
  ["text", "text"],
  ["bytes", "arrayBuffer"],
])("Hono: judges a parsedBody that is %s", async (_, method) => {
  let parsedBody: unknown;
  const { ask } = await startHono(
    async (c, next) => {
      const read: unknown = await c.req[method]();
      parsedBody = read instanceof ArrayBuffer ? new Uint8Array(read) : read;
      await next();
    },
    () => ({ parsedBody }),
  );
  expect(await ask(WIPE)).toEqual([403, false]);
  expect(await ask(ADD)).toEqual([200, true]);
});

test("Hono: judges both the parsedBody and the unread body", async () => {
  const pass: MiddlewareHandler = (_c, next) => next();
  const { ask } = await startHono(pass, () => ({ parsedBody: call("add") }));
  expect(await ask(WIPE)).toEqual([403, false]);
  expect(await ask(ADD)).toEqual([200, true]);
  const other = await startHono(pass, () => ({ parsedBody: call("wipe") }));
  expect(await other.ask(ADD)).toEqual([403, false]);
});
