import { once } from "node:events";
import { request, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { startKeyProxy, type KeyProxy, type KeyProxyOptions } from "../../src/http/key-proxy.ts";
import { during } from "../probe/verify/verifying.ts";
import { createCertificate } from "../servers/certificate.ts";
import { listen, listenOn, type Running } from "../servers/listen.ts";

const KEY = "Bearer hunter2-hunter2";
const SECRET = "s3cret";

async function startBoth(
  handler: RequestListener,
  more: Partial<KeyProxyOptions> = {},
): Promise<{ server: Running; proxy: KeyProxy }> {
  const server = await during(listen(handler));
  return { server, proxy: await startProxy(server.url, more) };
}

async function startProxy(url: string, more: Partial<KeyProxyOptions> = {}): Promise<KeyProxy> {
  const headers = () => ({ authorization: KEY });
  const proxy = await startKeyProxy({ url: new URL(url), headers, secret: SECRET, ...more });
  onTestFinished(() => proxy.close());
  return proxy;
}

interface Sent {
  readonly method?: string;
  /** Instead of the path of the URL. */
  readonly path?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** Sends a request as it is, and returns the answer when its head has arrived. */
async function send(url: string, { method = "POST", path, headers, body }: Sent = {}): Promise<IncomingMessage> {
  const { port, pathname, search, host } = new URL(url);
  const own = (headers ?? []).some((name) => name === "Host") ? [] : ["Host", host];
  const sent = request({
    ...{ host: "127.0.0.1", port, method, path: path ?? pathname + search, agent: false },
    headers: [...own, ...(headers ?? [])],
  });
  onTestFinished(() => void sent.destroy());
  sent.on("error", () => undefined);
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return answer.on("error", () => undefined);
}

/** Answers with the request as JSON. */
const echo: RequestListener = (incoming, response) => {
  const { method, url, rawHeaders } = incoming;
  response.writeHead(203, { "x-two": ["1", "2"], "mcp-session-id": "s1" });
  void text(incoming).then((body) => response.end(JSON.stringify({ method, url, rawHeaders, body })));
};

test("adds the key, and passes on everything else as it is", async () => {
  const { proxy, server } = await startBoth(echo);
  const headers = ["X-A", "1", "X-A", "2", "Authorization", "Bearer own", "Connection", "X-Hop", "X-Hop", "1"];
  const length = ["Content-Length", "7", "Accept-Encoding", "gzip"];
  const answer = await send(`${proxy.url}?a=%2fb`, { headers: [...headers, ...length], body: "grüße" });
  expect(answer).toMatchObject({ statusCode: 203, headers: { "x-two": "1, 2", "mcp-session-id": "s1" } });
  const got = JSON.parse(await text(answer)) as Record<string, unknown>;
  expect(got).toMatchObject({ method: "POST", url: "/mcp?a=%2fb", body: "grüße" });
  expect(got["rawHeaders"]).toEqual([
    ...["accept-encoding", "identity", "host", new URL(server.url).host, "authorization", KEY],
    ...["X-A", "1", "X-A", "2", "Content-Length", "7", "Connection", "close"],
  ]);
});

test("puts the key into another header, and keeps Authorization then", async () => {
  const { proxy } = await startBoth(echo, { headers: () => ({ "x-api-key": "k1" }) });
  const { rawHeaders } = JSON.parse(
    await text(await send(proxy.url, { headers: ["X-API-Key", "mine", "Authorization", "Bearer own"] })),
  ) as { rawHeaders: string[] };
  expect(rawHeaders).toEqual(expect.arrayContaining(["x-api-key", "k1", "Authorization", "Bearer own"]));
  expect(rawHeaders).not.toContain("mine");
});

test.each<[string, number, (url: string) => Sent]>([
  ["another Host", 403, () => ({ headers: ["Host", "evil.example"] })],
  ["the Host of the server", 403, () => ({ headers: ["Host", "127.0.0.1"] })],
  ["an Origin", 403, () => ({ headers: ["Origin", "http://evil.example"] })],
  ["the origin null", 403, () => ({ headers: ["Origin", "null"] })],
  ["another port of this machine as Origin", 403, () => ({ headers: ["Origin", "http://127.0.0.1:1"] })],
  ["no secret", 404, () => ({ path: "/mcp" })],
  ["a wrong secret", 404, () => ({ path: "/s3creT/mcp" })],
  ["more than the secret", 404, () => ({ path: "/s3cretx/mcp" })],
  ["the secret alone", 404, () => ({ path: "/s3cret" })],
  ["an absolute URL", 404, (url) => ({ path: url })],
])("refuses a request with %s, and does not contact the server", async (_, status, make) => {
  const { proxy, server } = await startBoth(echo);
  const answer = await send(proxy.url, make(proxy.url));
  expect(answer.statusCode).toBe(status);
  expect(await text(answer)).not.toContain(SECRET);
  expect(server.seen).toEqual([]);
});

test("takes its own origin, which no web page has, and hides it from the server", async () => {
  const { proxy } = await startBoth(echo);
  const answer = await send(proxy.url, { headers: ["Origin", new URL(proxy.url).origin] });
  expect(answer.statusCode).toBe(203);
  expect(await text(answer)).not.toMatch(/origin/i);
});

test("sends the key to no other origin, whatever the path", async () => {
  const other = await during(listen(echo));
  const { proxy, server } = await startBoth(echo);
  const { host } = new URL(other.url);
  for (const path of [`//${host}/mcp`, `/\\${host}`, `/@${host}`, "/../mcp", "/"]) {
    expect((await send(proxy.url, { path: `/${SECRET}${path}` })).statusCode).toBe(203);
  }
  expect(server.seen).toHaveLength(5);
  expect(other.seen).toEqual([]);
});

test("follows no redirect", async () => {
  const other = await during(listen(echo));
  const { proxy } = await startBoth((_, response) => response.writeHead(307, { location: other.url }).end());
  const answer = await send(proxy.url);
  expect(answer).toMatchObject({ statusCode: 307, headers: { location: other.url } });
  expect(other.seen).toEqual([]);
});

test("passes on a stream as it arrives, and its end in both directions", async () => {
  let ended: (() => void) | undefined;
  const left = new Promise<void>((resolve) => (ended = resolve));
  const { proxy } = await startBoth((incoming, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    incoming.on("data", (chunk: Buffer) => response.write(`data: ${chunk.toString()}\n\n`));
    response.on("close", () => ended?.());
  });
  const { port, pathname, host } = new URL(proxy.url);
  const sent = request({ host: "127.0.0.1", port, method: "POST", path: pathname, headers: { host } });
  sent.write("one");
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  answer.setEncoding("utf8").on("error", () => undefined);
  sent.on("error", () => undefined);
  expect(await once(answer, "data")).toEqual(["data: one\n\n"]);
  sent.write("two");
  expect(await once(answer, "data")).toEqual(["data: two\n\n"]);
  answer.destroy();
  await left;
});

test("ends the stream of the tool when the server breaks it off", async () => {
  const { proxy } = await startBoth((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write("data: one\n\n");
    setTimeout(() => response.destroy(), 20);
  });
  const answer = await send(proxy.url, { method: "GET" });
  await expect(text(answer)).rejects.toMatchObject({ code: "ECONNRESET" });
});

test.each([1, 7, 1000])("lets HTTP+SSE post through the proxy, in chunks of %i bytes", async (size) => {
  const stream = "event: endpoint\r\ndata: /messages?s=1\r\n\r\nevent: message\r\ndata: /messages grüße\r\n\r\n";
  const { proxy } = await startBoth((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const bytes = Buffer.from(stream);
    const chunks = new PassThrough();
    chunks.pipe(response);
    for (let at = 0; at < bytes.length; at += size) chunks.write(bytes.subarray(at, at + size));
    chunks.end();
  });
  const got = await text(await send(proxy.url, { method: "GET" }));
  expect(got).toBe(stream.replace("/messages", `/${SECRET}/messages`));
});

test.each([
  ["another origin", "event: endpoint\ndata: https://evil.example/x\n\n"],
  ["no endpoint", "event: message\ndata: {}\n\n"],
  ["an event that never ends", `event: endpoint\ndata: ${"x".repeat(20_000)}`],
  ["nothing", ""],
])("does not change a stream with %s", async (_, stream) => {
  const { proxy } = await startBoth((__, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).end(stream);
  });
  expect(await text(await send(proxy.url, { method: "GET" }))).toBe(stream);
});

test("answers 502 and says why if the server does not answer", async () => {
  const server = await listen(echo);
  await server.close();
  const seen: unknown[] = [];
  const proxy = await startProxy(server.url, { onAnswer: (...answer) => seen.push(answer) });
  const answer = await send(proxy.url);
  expect(answer.statusCode).toBe(502);
  const said = await text(answer);
  expect(said).toContain("refuses connections");
  expect(said).not.toContain("hunter2");
  expect(seen).toEqual([["POST", 502, expect.stringContaining("refuses connections")]]);
});

test("speaks https to the server, and trusts only known certificates", async () => {
  const { cert, key } = createCertificate({ host: "127.0.0.1" });
  const server = await during(listenOn(createTlsServer({ cert, key }, echo), "/mcp", "https"));
  const trusting = await startProxy(server.url, { ca: cert });
  expect((await send(trusting.url)).statusCode).toBe(203);
  const careful = await startProxy(server.url);
  expect((await send(careful.url)).statusCode).toBe(502);
  expect(server.seen).toHaveLength(1);
});

test("ends open requests when it is closed", async () => {
  const { proxy } = await startBoth((_, response) => {
    response.writeHead(200).flushHeaders();
  });
  const answer = await send(proxy.url);
  const closed = new Promise((resolve) => answer.once("close", resolve));
  await proxy.close();
  await closed;
  await expect(send(proxy.url)).rejects.toMatchObject({ code: "ECONNREFUSED" });
});
