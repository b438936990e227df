import { once } from "node:events";
import { connect, createServer, type OutgoingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { guardNode } from "../../../src/server/node/guard-node.ts";
import { createFixture } from "../fixture.ts";

interface Head {
  readonly ":status": number;
}

/** Starts an HTTP/2 server with a guard. `ask` returns the status, or the message of the error that reset the stream. */
async function start(maxHeaderListPairs: number) {
  const { verifier, issue } = await createFixture();
  const guard = guardNode(verifier);
  const server = createServer({ maxHeaderListPairs }, (request, response) =>
    guard(request as never, response as never, () => response.end()),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = connect(origin, { maxSendHeaderBlockLength: 2 ** 20 });
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  const authorization = `Bearer ${await issue("ci")}`;
  const ask = async (headers: OutgoingHttpHeaders, fillers = 0): Promise<number | string> => {
    const filler = Object.fromEntries(Array.from({ length: fillers }, (_, i) => [`x-filler-${i}`, "1"]));
    const stream = client.request({ authorization, ...filler, ...headers });
    const [head] = (await once(stream, "response").catch((error: unknown) => [error])) as [Partial<Error & Head>];
    stream.destroy();
    return head[":status"] ?? head.message ?? "";
  };
  return { ask, authority: origin.slice("http://".length) };
}

test("HTTP/2: Node resets a stream with too many headers, so the guard sees all of them or no request", async () => {
  const { ask } = await start(128);
  expect(await ask({}, 100)).toBe(200);
  for (const fillers of [128, 1_000, 1_100]) expect(await ask({}, fillers)).toMatch("ENHANCE_YOUR_CALM");
});

test("HTTP/2: accepts 1,100 headers if the server allows them, and finds a repeated one among them", async () => {
  const { ask } = await start(3_000);
  expect(await ask({ "mcp-session-id": "own" }, 1_100)).toBe(200);
  expect(await ask({ "mcp-session-id": ["own", "other"] }, 1_100)).toBe(400);
  expect(await ask({ "last-event-id": ["1", "2"] })).toBe(400);
  expect(await ask({ accept: ["application/json", "text/event-stream"] })).toBe(200);
});

test("HTTP/2: answers 400 to a Host that differs from :authority", async () => {
  const { ask, authority } = await start(128);
  expect(await ask({ ":authority": authority })).toBe(200);
  expect(await ask({ ":authority": authority, host: authority.toUpperCase() })).toBe(200);
  expect(await ask({ host: authority })).toBe(200);
  expect(await ask({ ":authority": authority, host: "evil.example" })).toBe(400);
});
