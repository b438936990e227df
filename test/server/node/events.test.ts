import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { connect, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { guardNode } from "../../../src/server/node/guard-node.ts";
import { createFixture } from "../fixture.ts";

/** A guarded listener and a key. */
async function createGuarded(): Promise<{ listener: RequestListener; token: string }> {
  const { verifier, issue } = await createFixture();
  const token = await issue("ci");
  const guard = guardNode(verifier);
  return { token, listener: (request, response) => guard(request, response, () => void response.end("accepted")) };
}

/** Sends a request by hand, and returns all that the server answers. */
async function send(server: Server, lines: readonly string[], body = ""): Promise<string> {
  if (!server.listening) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
  }
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.setEncoding("latin1");
  socket.write([...lines, "Connection: close, Upgrade, HTTP2-Settings", "", body].join("\r\n"));
  let received = "";
  for await (const chunk of socket) received += String(chunk);
  return received;
}

const GET = ["GET /mcp HTTP/1.1", "Host: localhost"];

test.each(["websocket", "h2c", "anything"])(
  "guards Upgrade: %s in a server without an upgrade listener",
  async (name) => {
    const { listener, token } = await createGuarded();
    const server = createServer(listener);
    const lines = [...GET, `Upgrade: ${name}`, "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"];
    expect(await send(server, lines)).toMatch(/^HTTP\/1\.1 401 /);
    expect(await send(server, [...lines, `Authorization: Bearer ${token}`])).toMatch(/^HTTP\/1\.1 200 .*accepted/s);
  },
);

test("guards Expect: 100-continue, also in a checkContinue listener, as docs/server.md shows it", async () => {
  const { listener, token } = await createGuarded();
  const { verifier, issue } = await createFixture();
  const guard = guardNode(verifier);
  const checking = createServer(() => undefined).on("checkContinue", (request, response) => {
    guard(request, response, () => {
      response.writeContinue();
      response.end("continued");
    });
  });
  const lines = ["POST /mcp HTTP/1.1", "Host: localhost", "Content-Length: 2", "Expect: 100-continue"];
  const plain = createServer(listener);
  expect(await send(plain, lines, "{}")).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 401 /);
  expect(await send(plain, [...lines, `Authorization: Bearer ${token}`], "{}")).toMatch(/HTTP\/1\.1 200 .*accepted/s);
  expect(await send(checking, lines, "{}")).toMatch(/^HTTP\/1\.1 401 /);
  const key = `Authorization: Bearer ${await issue("ci")}`;
  expect(await send(checking, [...lines, key], "{}")).toMatch(/^HTTP\/1\.1 100 .*HTTP\/1\.1 200 .*continued/s);
});

test("reaches no handler with CONNECT or an unknown expectation, unless a listener takes them", async () => {
  const { listener, token } = await createGuarded();
  let reached = 0;
  const server = createServer((request, response) => {
    reached++;
    listener(request, response);
  });
  const key = `Authorization: Bearer ${token}`;
  expect(await send(server, ["CONNECT localhost:1 HTTP/1.1", "Host: localhost", key])).toBe("");
  expect(await send(server, [...GET, "Expect: magic", key])).toMatch(/^HTTP\/1\.1 417 /);
  expect(reached).toBe(0);
});

test("guards an extended CONNECT over HTTP/2 in a connect listener; without one it is refused", async () => {
  const { listener, token } = await createGuarded();
  const server = createHttp2Server({ settings: { enableConnectProtocol: true } }, listener as never);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const client = connectHttp2(`http://localhost:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => client.destroy());
  await once(client, "remoteSettings");
  const open = async (headers: Record<string, string> = {}) => {
    const stream = client.request({ ":method": "CONNECT", ":protocol": "websocket", ":path": "/mcp", ...headers });
    const [head] = (await once(stream, "response")) as [Record<string, unknown>];
    stream.close();
    return head[":status"];
  };
  const authorization = `Bearer ${token}`;
  expect(await open({ authorization })).toBe(405);
  server.on("connect", listener as never);
  expect(await open()).toBe(401);
  expect(await open({ authorization })).toBe(200);
  expect(await open({ authorization, origin: "https://evil.example" })).toBe(403);
});
