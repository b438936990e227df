import { once } from "node:events";
import { createServer, request as send, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createHttp2Server, connect as connectHttp2 } from "node:http2";
import { connect, type AddressInfo, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import express, { type Express, type RequestHandler } from "express";
import { expect, onTestFinished, test } from "vitest";
import type { AuthInfo } from "../../../src/server/guard/auth-info.ts";
import { guardNode } from "../../../src/server/node/guard-node.ts";
import { createFixture } from "../fixture.ts";

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function serve(handler: RequestListener = (_, response) => void response.end()): Promise<number> {
  const { verifier } = await createFixture();
  const guard = guardNode(verifier);
  const server = createServer((request, response) => guard(request, response, () => handler(request, response)));
  onTestFinished(() => server.closeAllConnections());
  return listen(server);
}

test.each(["content-length", "transfer-encoding"])(
  "answers a refused large upload (%s) and closes the connection without reading it all",
  async (framing) => {
    const port = await serve();
    const headers = framing === "content-length" ? { [framing]: 1e12 } : {};
    const request = send({ host: "127.0.0.1", port, method: "POST", headers });
    const chunk = Buffer.alloc(65_536);
    // Reads the response only after it stops sending, as a slow client does.
    const upload = setInterval(() => request.write(chunk), 1);
    onTestFinished(() => clearInterval(upload));
    const [response] = (await once(request, "response")) as [IncomingMessage];
    expect(response).toMatchObject({ statusCode: 401, headers: { connection: "close" } });
    expect(JSON.parse(await text(response))).toMatchObject({ error: "unauthorized" });
    await once(request, "close");
  },
);

test("cuts off an endless upload", async () => {
  const port = await serve();
  const socket = connect(port, "127.0.0.1");
  socket.write("POST /mcp HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const upload = setInterval(() => socket.write("1\r\nx\r\n"), 5);
  onTestFinished(() => clearInterval(upload));
  let received = "";
  socket.on("data", (data) => (received += String(data)));
  socket.on("error", () => undefined);
  await once(socket, "close");
  expect(received).toMatch(/^HTTP\/1.1 401 .*"unauthorized"/s);
});

test.each([
  ["HEAD", {}, 401],
  ["HEAD", { "Content-Length": 1e6 }, 401],
  ["OPTIONS", { "Transfer-Encoding": "chunked", Origin: "https://a.example" }, 204],
])("answers %s %j where Node throws for a body in the response", async (method, headers, status) => {
  const { verifier } = await createFixture();
  const guard = guardNode(verifier, { allowedOrigins: ["https://a.example"] });
  const server = createServer({ rejectNonStandardBodyWrites: true }, (request, response) =>
    guard(request, response, () => response.end()),
  );
  onTestFinished(() => server.closeAllConnections());
  const port = await listen(server);
  const all = { "Access-Control-Request-Method": "POST", ...headers };
  const request = send({ host: "127.0.0.1", port, method, headers: all });
  request.flushHeaders();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  expect(response.statusCode).toBe(status);
  request.destroy();
});

test("keeps the connection usable after refusing a small body", async () => {
  const port = await serve();
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const body = "{}";
  const one = `POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  socket.write(one + one);
  let received = "";
  while (received.split("HTTP/1.1 401").length < 3) received += String((await once(socket, "data"))[0]);
  expect(received).not.toMatch(/connection: close/i);
});

test("works over HTTP/2", async () => {
  const { verifier, issue } = await createFixture();
  const token = await issue("ci");
  const guard = guardNode(verifier);
  const server = createHttp2Server((request, response) =>
    guard(request as never, response as never, () => void response.end("in")),
  );
  const client = connectHttp2(`http://127.0.0.1:${await listen(server)}`);
  onTestFinished(() => client.destroy());
  const ask = async (headers: Record<string, string>) => {
    const stream = client.request({ ":path": "/mcp", ":method": "POST", ...headers }, { endStream: false });
    stream.write("body");
    const [head] = await once(stream, "response");
    stream.end();
    return [(head as Record<string, unknown>)[":status"], await text(stream)];
  };
  expect((await ask({}))[0]).toBe(401);
  expect(await ask({ authorization: `Bearer ${token}` })).toEqual([200, "in"]);
});

test("inspects a body over HTTP/2 and passes it on", async () => {
  const { verifier, issue } = await createFixture();
  const authorization = `Bearer ${await issue("ci")}`;
  const guard = guardNode(verifier, { toolScopes: { wipe: ["admin"] } });
  const server = createHttp2Server((request, response) =>
    guard(request as never, response as never, () => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify((request as { body?: unknown }).body ?? LIST));
    }),
  );
  const client = connectHttp2(`http://127.0.0.1:${await listen(server)}`);
  onTestFinished(() => client.destroy());
  const ask = async (method: string, body?: object) => {
    const end = { endStream: body === undefined };
    const stream = client.request({ ":path": "/mcp", ":method": method, authorization }, end);
    const head = once(stream, "response");
    if (body !== undefined) stream.end(JSON.stringify(body));
    const [{ ":status": status }] = (await head) as [Record<string, unknown>];
    return [status, JSON.parse(await text(stream))];
  };
  const call = (name: string) => ({ method: "tools/call", params: { name } });
  expect(await ask("POST", call("add"))).toEqual([200, call("add")]);
  expect((await ask("POST", call("wipe")))[0]).toBe(403);
  expect(await ask("POST", { method: "tools/list", ...LIST })).toEqual([200, { method: "tools/list", result: SHOWN }]);
  expect(await ask("GET")).toEqual([200, { result: SHOWN }]);
});

test("forgets an incomplete body when the client disconnects", async () => {
  const { verifier, issue } = await createFixture();
  const guard = guardNode(verifier, { toolScopes: { wipe: ["admin"] } });
  let reached = 0;
  const server = createServer((request, response) => guard(request, response, () => reached++));
  const port = await listen(server);
  const socket = connect(port, "127.0.0.1");
  const head = `POST /mcp HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await issue("ci")}\r\nContent-Length: 99\r\n\r\n{`;
  const [request] = await Promise.all([once(server, "request"), new Promise((done) => socket.write(head, done))]);
  const gone = new Promise((done) => (request[0] as IncomingMessage).once("close", done));
  socket.destroy();
  await gone;
  await new Promise(setImmediate);
  expect(reached).toBe(0);
});

test("refuses a body whose getter throws, as on some platforms", async () => {
  const { verifier, issue } = await createFixture();
  const guard = guardNode(verifier, { toolScopes: { wipe: ["admin"] } });
  const server = createServer((request, response) => {
    Object.defineProperty(request, "body", { get: () => JSON.parse("no json") as unknown });
    guard(request, response, () => response.end("in"));
  });
  const headers = { authorization: `Bearer ${await issue("ci")}` };
  const response = await fetch(`http://127.0.0.1:${await listen(server)}`, {
    method: "POST",
    headers,
    body: "no json",
  });
  expect(response.status).toBe(400);
});

test.each(["before", "after"])("works with compression %s the guard", async (place) => {
  const { verifier, issue } = await createFixture();
  const guard = guardNode(verifier, { toolScopes: { wipe: ["admin"] } });
  const app = express();
  if (place === "before") app.use(compress);
  app.use((request, response, next) => guard(request, response, next));
  if (place === "after") app.use(compress);
  app.get("/mcp", (_, response) => void response.json(LIST));
  const port = await listen(createServer(app as RequestListener));
  const authorization = `Bearer ${await issue("ci")}`;
  const response = await fetch(`http://127.0.0.1:${port}/mcp`, { headers: { authorization } });
  // A list that was compressed before the guard sees it passes unchanged.
  expect(await response.json()).toEqual(place === "before" ? { result: SHOWN } : LIST);
});

const SHOWN = { tools: [{ name: "add" }] };
const LIST = { result: { tools: [{ name: "add" }, { name: "wipe" }] } };

/** Replaces `end`, as the usual middleware does. */
const compress: RequestHandler = (_request, response, next) => {
  const end = response.end.bind(response) as (chunk: Buffer) => typeof response;
  response.end = ((chunk: string) => {
    response.removeHeader("content-length");
    response.setHeader("content-encoding", "gzip");
    return end(gzipSync(chunk));
  }) as typeof response.end;
  next();
};

/** A guard for Express, and what its handlers found in `request.auth`. */
async function startExpress() {
  const { verifier, issue } = await createFixture();
  const tokens = { a: await issue("a"), b: await issue("b") };
  const seen: unknown[] = [];
  const handle: RequestHandler = (request, response) => {
    const { auth } = request as { auth?: unknown };
    seen.push((auth as Partial<AuthInfo> | undefined)?.extra?.keyName ?? auth);
    response.end();
  };
  const ask = async (app: Express, name: "a" | "b" | null, path = "/") => {
    const headers: Record<string, string> = name === null ? {} : { authorization: `Bearer ${tokens[name]}` };
    const port = await listen(createServer(app as RequestListener));
    await (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text();
  };
  return { guard: guardNode(verifier, { openPaths: ["/open"] }) as RequestHandler, seen, handle, ask };
}

test("Express: each request has the caller as a plain property", async () => {
  const { guard, seen, handle, ask } = await startExpress();
  const kept: object[] = [];
  const keep: RequestHandler = (request, _response, next) => {
    kept.push(request);
    next();
  };
  const app = express().use(guard, keep, handle);
  for (const name of ["a", "b"] as const) await ask(app, name);
  await ask(app, null, "/open");
  expect(seen).toEqual(["a", "b", undefined]);
  expect(kept.map((request) => Object.getOwnPropertyDescriptor(request, "auth"))).toMatchObject(
    ["a", "b", undefined].map((name) => ({
      value: name === undefined ? undefined : { extra: { keyName: name } },
      writable: true,
      enumerable: true,
      configurable: true,
    })),
  );
  for (const prototype of [app.request, express.request]) expect("auth" in prototype).toBe(false);
});

test("Express: the last assignment to `request.auth` wins", async () => {
  const { guard, seen, handle, ask } = await startExpress();
  const assign: RequestHandler = (request, _response, next) => {
    Object.assign(request, { auth: "own" });
    next();
  };
  await ask(express().use(guard, assign, handle), "a");
  await ask(express().use(assign, guard, handle), "a");
  await ask(express().use(assign, guard, handle), null, "/open");
  expect(seen).toEqual(["own", "a", undefined]);
});

test("Express: nested apps and proxies of the request see the caller", async () => {
  const { guard, seen, handle, ask } = await startExpress();
  const nested = express().use(handle);
  await ask(express().use(guard).use("/in", nested), "a", "/in");
  await ask(express().use("/in", express().use(guard, handle)), "b", "/in");
  await ask(
    express().use(guard, (request, response) => nested(request, response)),
    "a",
  );
  await ask(
    express().use((request, response, next) => {
      void guard(new Proxy(request, {}), response, () => handle(request, response, next));
    }),
    "b",
  );
  expect(seen).toEqual(["a", "b", "a", "b"]);
});

test("Express: an app that defines an `auth` accessor gets the caller through it", async () => {
  const { guard, seen, handle, ask } = await startExpress();
  const assigned: unknown[] = [];
  const app = express().use(guard, handle);
  Object.defineProperty(app.request, "auth", { get: () => "theirs", set: (value) => void assigned.push(value) });
  await ask(app, "a");
  expect(seen).toEqual(["theirs"]);
  expect(assigned).toMatchObject([{ extra: { keyName: "a" } }]);
});

test.each([
  [{ toolScopes: ["wipe"] }, "toolScopes"],
  [{ toolScopes: { wipe: "admin" } }, 'toolScopes of guardNode, for "wipe"'],
  [{ toolScopes: { wipe: ["a b"] } }, "not a valid scope"],
  [{ scopes: "read" }, "scopes of guardNode is a string"],
  [{ allowedOrigins: "https://app.example" }, "allowedOrigins of guardNode is a string"],
  [{ allowedOrigins: ["*"] }, "not an origin"],
  [{ allowedOrigins: ["null"] }, "not an origin"],
  [{ allowedOrigins: ["https://app.example/"] }, "not an origin"],
  [{ allowedOrigins: ["https://*.example"] }, "not an origin"],
  [{ allowedOrigins: ["HTTPS://app.example"] }, "not an origin"],
  [{ openPaths: ["health"] }, "not a path"],
  [{ openPaths: ["/*"] }, "not a path"],
  [{ openPaths: "/health" }, "openPaths of guardNode is a string"],
  [{ sessions: "no" }, "sessions"],
  [{ scope: "read" }, 'no option "scope"'],
  [{ scopes: ["a b"] }, "not a valid scope"],
  [{ audience: "here" }, "not a server URL"],
  [{ realm: "a\nb" }, "realm"],
  [{ apiKeyHeader: "Authorization" }, "apiKeyHeader"],
  [{ apiKeyHeader: "x y" }, "apiKeyHeader"],
])("rejects invalid options: %o", async (options, says) => {
  const { verifier } = await createFixture();
  expect(() => guardNode(verifier, options as object)).toThrow(
    expect.objectContaining({ code: "USAGE", message: expect.stringContaining(says) }),
  );
});
