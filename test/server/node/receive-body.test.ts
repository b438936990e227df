import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { connect, type AddressInfo, type Server } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { guardNode } from "../../../src/server/node/guard-node.ts";
import { createFixture } from "../fixture.ts";
import { call } from "../guard/guarded.ts";

const ADD = JSON.stringify(call("add"));
const WIPE = JSON.stringify(call("wipe"));
const LARGE = JSON.stringify({ ...call("add"), text: "ä".repeat(1_000_000) });

/** A guard in front of a handler that waits for `end`, and answers with the length of the body. */
async function start() {
  const { verifier, issue } = await createFixture();
  const guard = guardNode(verifier, { toolScopes: { wipe: ["admin"] } });
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    let length = 0;
    request.on("data", (chunk: Buffer) => (length += chunk.length));
    request.on("end", () => response.end(`read ${length}`));
  };
  const serve = (request: IncomingMessage, response: ServerResponse): void =>
    guard(request, response, () => answer(request, response));
  return { serve, authorization: `Bearer ${await issue("ci")}` };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const chunked = (body: string) => `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`;
const CHUNKED = "Transfer-Encoding: chunked\r\n\r\n";
const END = "0\r\n\r\n";

test.each<[string, string[], string]>([
  ["no body", ["\r\n"], "200 read 0"],
  ["Content-Length: 0", ["Content-Length: 0\r\n\r\n"], "200 read 0"],
  ["an empty chunked body", [`${CHUNKED}${END}`], "200 read 0"],
  ["an empty chunked body that ends later", [CHUNKED, END], "200 read 0"],
  ["a body in the packet of the head", [`Content-Length: ${ADD.length}\r\n\r\n${ADD}`], `200 read ${ADD.length}`],
  [
    "a body in two packets",
    [`Content-Length: ${ADD.length}\r\n\r\n${ADD.slice(0, 9)}`, ADD.slice(9)],
    `200 read ${ADD.length}`,
  ],
  ["a chunked body that ends later", [CHUNKED, chunked(ADD), END], `200 read ${ADD.length}`],
  ["a large chunked body", [CHUNKED + chunked(LARGE) + END], `200 read ${Buffer.byteLength(LARGE)}`],
  ["a forbidden call", [`${CHUNKED}${chunked(WIPE)}${END}`], "403"],
  ["a forbidden call that ends later", [CHUNKED, chunked(WIPE), END], "403"],
])(
  "reads %s to its end, whatever the method, and leaves it and its end to the server",
  async (_, packets, expected) => {
    const { serve, authorization } = await start();
    const port = await listen(createServer(serve));
    const ask = async (method: string) => {
      const socket = connect(port, "127.0.0.1");
      onTestFinished(() => void socket.destroy());
      socket.setNoDelay();
      let received = "";
      socket.on("data", (data) => (received += String(data)));
      const [first, ...rest] = packets;
      const head = ["Host: 127.0.0.1", `Authorization: ${authorization}`, "Connection: close"].join("\r\n");
      socket.write(`${method} /mcp HTTP/1.1\r\n${head}\r\n${first}`);
      for (const packet of rest) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        socket.write(packet);
      }
      await once(socket, "close");
      return [/^HTTP\/1\.1 (\d+)/.exec(received)?.[1], /read \d+/.exec(received)?.[0]].filter(Boolean).join(" ");
    };
    for (const method of ["POST", "GET", "DELETE"]) expect([method, await ask(method)]).toEqual([method, expected]);
  },
);

test("finds a call whose Content-Length the server does not see", async () => {
  const { serve, authorization } = await start();
  // Node delivers the body, but drops headers above its limit.
  const cut = (request: IncomingMessage, response: ServerResponse): void => {
    delete request.headers["content-length"];
    serve(request, response);
  };
  const port = await listen(createServer(cut));
  const response = await fetch(`http://127.0.0.1:${port}`, { method: "POST", headers: { authorization }, body: WIPE });
  expect(response.status).toBe(403);
});

test("leaves the body and its end to a server over HTTP/2", async () => {
  const { serve, authorization } = await start();
  const client = connectHttp2(`http://127.0.0.1:${await listen(createHttp2Server(serve as never))}`);
  onTestFinished(() => client.destroy());
  const ask = async (method: string, ...chunks: string[]) => {
    const stream = client.request({ ":path": "/mcp", ":method": method, authorization }, { endStream: false });
    for (const chunk of chunks) {
      stream.write(chunk);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    stream.end();
    const [head] = (await once(stream, "response")) as [Record<string, unknown>];
    return [head[":status"], await text(stream)];
  };
  expect(await ask("POST", ADD)).toEqual([200, `read ${ADD.length}`]);
  expect(await ask("POST", ADD.slice(0, 9), ADD.slice(9))).toEqual([200, `read ${ADD.length}`]);
  expect(await ask("POST", LARGE)).toEqual([200, `read ${Buffer.byteLength(LARGE)}`]);
  expect(await ask("GET")).toEqual([200, "read 0"]);
  expect((await ask("DELETE", WIPE))[0]).toBe(403);
});

test("judges the body of a platform that makes its own requests, complete from the start", async () => {
  const { serve, authorization } = await start();
  const ask = (body: string, more: object = {}) =>
    new Promise<number>((resolve) => {
      // Emits its bytes only when it is read, as serverless adapters do.
      const request = Object.assign(Readable.from([Buffer.from(body)], { objectMode: false }), {
        ...{ method: "POST", url: "/mcp", httpVersionMajor: 1, complete: true, ...more },
        ...{ headers: { authorization }, rawHeaders: ["Authorization", authorization] },
      });
      const headers = { setHeader: () => undefined, getHeader: () => undefined, removeHeader: () => undefined };
      const response = {
        ...headers,
        statusCode: 200,
        writeHead: (status: number) => (response.statusCode = status),
        end: () => resolve(response.statusCode),
      };
      serve(request as unknown as IncomingMessage, response as unknown as ServerResponse);
    });
  expect(await ask(ADD)).toBe(200);
  expect(await ask(WIPE)).toBe(403);
  expect(await ask(ADD, { body: Buffer.from(WIPE) })).toBe(403);
});
