import { once } from "node:events";
import { createServer, request as send, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createHttp2Server, connect as connectHttp2 } from "node:http2";
import { connect, type AddressInfo, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { guardNode } from "../../src/server/node.ts";
import { createFixture } from "./fixture.ts";

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

test.each([
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
