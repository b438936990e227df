import { once } from "node:events";
import { createServer, request as send, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createHttp2Server, connect as connectHttp2 } from "node:http2";
import { connect, type AddressInfo, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import express, { type RequestHandler } from "express";
import { expect, onTestFinished, test } from "vitest";
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
  "a refused upload that is large (%s) is answered, and its connection is closed without reading it all",
  async (framing) => {
    const port = await serve();
    const headers = framing === "content-length" ? { [framing]: 1e12 } : {};
    const request = send({ host: "127.0.0.1", port, method: "POST", headers });
    const chunk = Buffer.alloc(65_536);
    // Sends until it is stopped, and only then looks at what came back, as a slow client would.
    const upload = setInterval(() => request.write(chunk), 1);
    onTestFinished(() => clearInterval(upload));
    const [response] = (await once(request, "response")) as [IncomingMessage];
    expect(response).toMatchObject({ statusCode: 401, headers: { connection: "close" } });
    expect(JSON.parse(await text(response))).toMatchObject({ error: "unauthorized" });
    await once(request, "close");
  },
);

test("an upload that goes on for ever is cut off", async () => {
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

test("a refused request with a small body leaves the connection usable", async () => {
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

test("HTTP/2 is answered as well", async () => {
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

test("looks into a body of HTTP/2, and hands it on", async () => {
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

test("a body that never comes to its end is let go with its client", async () => {
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

test("a body that throws as it is read, as some platforms have it, is refused", async () => {
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

test.each(["before", "after"])("compression that comes %s the guard stays whole", async (place) => {
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
  // Packed before the guard sees it, a list passes as it is.
  expect(await response.json()).toEqual(place === "before" ? { result: SHOWN } : LIST);
});

const SHOWN = { tools: [{ name: "add" }] };
const LIST = { result: { tools: [{ name: "add" }, { name: "wipe" }] } };

/** As the usual middleware does it: in place of the methods that it found. */
const compress: RequestHandler = (_request, response, next) => {
  const end = response.end.bind(response) as (chunk: Buffer) => typeof response;
  response.end = ((chunk: string) => {
    response.removeHeader("content-length");
    response.setHeader("content-encoding", "gzip");
    return end(gzipSync(chunk));
  }) as typeof response.end;
  next();
};

test.each([
  [{ toolScopes: ["wipe"] }, "toolScopes"],
  [{ toolScopes: { wipe: "admin" } }, 'toolScopes of "wipe"'],
  [{ toolScopes: { wipe: ["a b"] } }, "not a scope"],
  [{ scopes: "read" }, "scopes is not a list"],
  [{ allowedOrigins: "https://app.example" }, "allowedOrigins is not a list"],
  [{ allowedOrigins: ["*"] }, "not an origin"],
  [{ allowedOrigins: ["null"] }, "not an origin"],
  [{ allowedOrigins: ["https://app.example/"] }, "not an origin"],
  [{ allowedOrigins: ["https://*.example"] }, "not an origin"],
  [{ allowedOrigins: ["HTTPS://app.example"] }, "not an origin"],
  [{ openPaths: ["health"] }, "not a path"],
  [{ openPaths: ["/*"] }, "not a path"],
  [{ openPaths: "/health" }, "openPaths is not a list"],
  [{ sessions: "no" }, "sessions"],
  [{ scope: "read" }, 'no option "scope"'],
  [{ scopes: ["a b"] }, "not a scope"],
  [{ audience: "here" }, "not the URL of a server"],
  [{ realm: "a\nb" }, "realm"],
  [{ apiKeyHeader: "Authorization" }, "apiKeyHeader"],
  [{ apiKeyHeader: "x y" }, "apiKeyHeader"],
])("refuses options that make no sense: %o", async (options, says) => {
  const { verifier } = await createFixture();
  expect(() => guardNode(verifier, options as object)).toThrow(
    expect.objectContaining({ code: "USAGE", message: expect.stringContaining(says) }),
  );
});
