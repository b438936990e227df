import { once } from "node:events";
import { createServer as createTlsServer } from "node:https";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { createHttpRequest } from "../../src/http/client.ts";
import { explainError } from "../../src/http/explain-error.ts";
import type { HttpInit, HttpResponse } from "../../src/http/http.ts";
import { createCertificate } from "../servers/certificate.ts";
import { listen, listenOn } from "../servers/listen.ts";
import { during } from "../probe/verify/verifying.ts";

const request = createHttpRequest({ limit: 1000 });

function init(url: string, more: Partial<HttpInit> = {}): HttpInit {
  return { url: new URL(url), method: "POST", headers: { authorization: "Bearer hunter2" }, timeoutMs: 3000, ...more };
}

async function textOf(response: HttpResponse): Promise<string> {
  const chunks: string[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return chunks.join("");
}

/** Starts a TCP server that runs `respond` after the first bytes of each connection. */
async function startTcp(respond: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", () => respond(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp?secret=query`;
}

test("sends method, path, headers and body, and returns status, headers and body", async () => {
  const { url } = await during(
    listen((incoming, response) => {
      const { method, url: path, headers } = incoming;
      response.setHeader("x-two", ["1", "2"]);
      response.statusCode = 203;
      void text(incoming).then((body) => response.end(JSON.stringify({ method, path, headers, body })));
    }),
  );
  const response = await request(init(`${url}?a=b`, { body: "grüße" }));
  expect(response).toMatchObject({ status: 203, headers: { "x-two": ["1", "2"] } });
  expect(JSON.parse(await textOf(response))).toMatchObject({
    ...{ method: "POST", path: "/mcp?a=b", body: "grüße" },
    headers: { host: new URL(url).host, connection: "close", authorization: "Bearer hunter2", "content-length": "7" },
  });
});

test("decodes characters split across chunks", async () => {
  const url = await startTcp((socket) => {
    const bytes = Buffer.from("😀é");
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`);
    let i = 0;
    const timer = setInterval(
      () => (i < bytes.length ? socket.write(bytes.subarray(i, ++i)) : clearInterval(timer)),
      2,
    );
  });
  expect(await textOf(await request(init(url)))).toBe("😀é");
});

test("reads an HTTP/1.0 response until the connection closes", async () => {
  const url = await startTcp((socket) => socket.end("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{}"));
  expect(await textOf(await request(init(url)))).toBe("{}");
});

test("returns redirects without following them", async () => {
  const other = await during(listen((_, response) => response.end()));
  const { url } = await during(listen((_, response) => response.writeHead(307, { location: other.url }).end()));
  const response = await request(init(url));
  response.close();
  expect(response).toMatchObject({ status: 307, headers: { location: [other.url] } });
  expect(other.seen).toEqual([]);
});

test("connects subdomains of localhost to this machine without a DNS lookup", async () => {
  const { url, seen } = await during(listen((incoming, response) => response.end(incoming.headers.host)));
  const { port } = new URL(url);
  expect(await textOf(await request(init(`http://no-such-name.localhost:${port}/`)))).toBe(
    `no-such-name.localhost:${port}`,
  );
  expect(seen).toHaveLength(1);
});

test.each(["localhost", "localhost.", "any.localhost"])(
  "sends nothing over plain http if %s leads to another machine",
  async (host) => {
    const { url, seen } = await during(listen((_, response) => response.end("here")));
    const { port } = new URL(url);
    const to = (...addresses: string[]) =>
      createHttpRequest({
        lookup: (_, __, callback) =>
          callback(
            null,
            addresses.map((address) => ({ address, family: 4 })),
          ),
      })(init(`http://${host}:${port}/`));
    await expect(to("192.0.2.1")).rejects.toMatchObject({
      code: "INSECURE_TRANSPORT",
      message: expect.stringContaining("leads to another machine"),
    });
    expect(seen).toEqual([]);
    expect(await textOf(await to("192.0.2.1", "127.0.0.1"))).toBe("here");
  },
);

test("names the proxy variables for every host that cannot be reached, except this machine", () => {
  for (const code of [
    "ENOTFOUND",
    "EAI_AGAIN",
    "ETIMEDOUT",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ECONNREFUSED",
    "ECONNRESET",
    "TIMED_OUT",
  ]) {
    const hintOf = (url: string) => explainError({ code }, new URL(url)).hint;
    expect(hintOf("https://mcp.example.com/")).toMatch(/HTTP_PROXY, HTTPS_PROXY and ALL_PROXY/);
    expect(hintOf("http://127.0.0.1/")).not.toContain("PROXY");
  }
});

test.each([
  ["a reset connection", (socket: Socket) => socket.destroy(), "SERVER_UNREACHABLE", "closed the connection"],
  ["a closed connection", (socket: Socket) => socket.end(), "SERVER_UNREACHABLE", "closed the connection"],
  ["silence", () => undefined, "SERVER_UNREACHABLE", "did not answer in time"],
  [
    "half a header section",
    (socket: Socket) => socket.write("HTTP/1.1 200 OK\r\nA: b"),
    "SERVER_UNREACHABLE",
    "in time",
  ],
  [
    "another protocol",
    (socket: Socket) => socket.write("SSH-2.0-OpenSSH_9.9\r\n"),
    "SERVER_NOT_MCP",
    "does not speak HTTP",
  ],
  [
    "an endless header section",
    (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\nA: ${"x".repeat(99_999)}`),
    "SERVER_NOT_MCP",
    "does not speak HTTP",
  ],
  [
    "a protocol switch",
    (socket: Socket) => socket.write("HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
    "SERVER_NOT_MCP",
    "switched to another protocol",
  ],
])("explains %s instead of a response, without quoting the query or headers", async (_, respond, code, message) => {
  const url = await startTcp(respond);
  const failing = request(init(url, { timeoutMs: 200 }));
  await expect(failing).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
    hint: expect.any(String),
  });
  await expect(failing).rejects.not.toThrow(/hunter2|secret/);
});

const HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nstart";
test.each([
  ["ends early", (socket: Socket) => socket.end(HEAD), "SERVER_UNREACHABLE", "closed the connection"],
  ["stops", (socket: Socket) => socket.write(HEAD), "SERVER_UNREACHABLE", "did not answer in time"],
  [
    "does not end",
    (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\n\r\n${"x".repeat(5000)}`),
    "SERVER_NOT_MCP",
    "too large",
  ],
])("throws to the reader of a body that %s", async (_, respond, code, message) => {
  const response = await request(init(await startTcp(respond), { timeoutMs: 200 }));
  await expect(textOf(response)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
});

test("a slow trickle of bytes does not extend the timeout", async () => {
  const url = await startTcp((socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    const timer = setInterval(() => socket.write("x"), 10);
    socket.on("close", () => clearInterval(timer));
  });
  const started = performance.now();
  await expect(textOf(await request(init(url, { timeoutMs: 200 })))).rejects.toMatchObject({
    code: "SERVER_UNREACHABLE",
  });
  expect(performance.now() - started).toBeLessThan(2000);
});

test("a body that becomes too large while its reader waits for something else closes the connection", async () => {
  let closed = false;
  const url = await startTcp((socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\nfirst");
    const timer = setInterval(() => socket.write("x".repeat(5000)), 10);
    socket.on("close", () => {
      clearInterval(timer);
      closed = true;
    });
  });
  const body = (await request(init(url))).body[Symbol.asyncIterator]();
  expect(await body.next()).toEqual({ done: false, value: "first" });
  await expect.poll(() => closed).toBe(true);
  const rest = async (): Promise<void> => {
    while ((await body.next()).done !== true);
  };
  await expect(rest()).rejects.toMatchObject({ code: "SERVER_NOT_MCP" });
});

test("leaving or closing a body closes the connection without an error", async () => {
  const closed: string[] = [];
  const url = await startTcp((socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\nfirst");
    socket.on("close", () => closed.push("closed"));
  });
  const left = await request(init(url));
  for await (const chunk of left.body) {
    expect(chunk).toBe("first");
    break;
  }
  const stopped = await request(init(url));
  for await (const _ of stopped.body) stopped.close();
  const unread = await request(init(url));
  unread.close();
  unread.close();
  await expect.poll(() => closed).toHaveLength(3);
});

test("an abort ends a request and a body", async () => {
  const before = new AbortController();
  before.abort();
  const { url } = await during(listen(() => undefined));
  await expect(request(init(url, { signal: before.signal }))).rejects.toMatchObject({ code: "INTERRUPTED" });

  const asked = new AbortController();
  const asking = request(init(url, { signal: asked.signal }));
  asked.abort();
  await expect(asking).rejects.toMatchObject({ code: "INTERRUPTED" });

  const reading = new AbortController();
  const response = await request(init(await startTcp((socket) => socket.write(HEAD)), { signal: reading.signal }));
  const body = textOf(response);
  reading.abort();
  await expect(body).rejects.toMatchObject({ code: "INTERRUPTED" });
});

test("explains a closed port and an invalid header", async () => {
  const gone = await listen(() => undefined);
  await gone.close();
  await expect(request(init(gone.url))).rejects.toMatchObject({
    ...{ code: "SERVER_UNREACHABLE", message: expect.stringContaining("refuses connections") },
  });
  await expect(request(init(gone.url, { headers: { authorization: "Bearer hunter2\r\n" } }))).rejects.toMatchObject({
    ...{ code: "USAGE", message: expect.not.stringContaining("hunter2") },
  });
});

test.each([
  ["a self-signed certificate", { host: "127.0.0.1" }, false, "self-signed", "NODE_EXTRA_CA_CERTS"],
  ["an expired certificate", { host: "127.0.0.1", days: -1 }, true, "an expired certificate", "renew"],
  ["a certificate not valid yet", { host: "127.0.0.1", days: 90 }, true, "not valid yet", "clock"],
  ["a certificate for another host", { host: "mcp.example.com" }, true, "another host name", "host name"],
])("explains %s", async (_, options, trusted, message, hint) => {
  const { key, cert } = createCertificate(options);
  const { url } = await during(
    listenOn(
      createTlsServer({ key, cert }, (_, response) => response.end()),
      "/mcp",
      "https",
    ),
  );
  const secure = createHttpRequest(trusted ? { ca: cert } : {});
  await expect(secure(init(url))).rejects.toMatchObject({
    ...{ code: "SERVER_UNREACHABLE", message: expect.stringContaining(message), hint: expect.stringContaining(hint) },
  });
});

test("accepts a trusted certificate for the right host", async () => {
  const { key, cert } = createCertificate({ host: "127.0.0.1" });
  const { url } = await during(
    listenOn(
      createTlsServer({ key, cert }, (_, response) => response.end("ok")),
      "/mcp",
      "https",
    ),
  );
  expect(await textOf(await createHttpRequest({ ca: cert })(init(url)))).toBe("ok");
});

test("explains http to an https port, and https to an http port", async () => {
  const { key, cert } = createCertificate({ host: "127.0.0.1" });
  const secure = await during(listenOn(createTlsServer({ key, cert }), "/mcp", "https"));
  const plain = await during(listen((_, response) => response.end()));
  await expect(request(init(secure.url.replace("https", "http")))).rejects.toMatchObject({
    hint: expect.stringContaining("https://"),
  });
  await expect(request(init(plain.url.replace("http", "https")))).rejects.toMatchObject({
    hint: expect.stringContaining("http://"),
  });
});
