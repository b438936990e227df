import { expect, test } from "vitest";
import { guardFetch } from "../../../src/server/fetch/guard-fetch.ts";
import { createFixture, until } from "../fixture.ts";

const EVENTS = { "content-type": "text/event-stream" };
const encode = (text: string) => new TextEncoder().encode(text);

/** A guard, a request with a valid key, and a body that counts how often it is asked for the next chunk. */
async function start({ failsAfter = Infinity }: { readonly failsAfter?: number } = {}) {
  const fixture = await createFixture();
  const guard = guardFetch(fixture.verifier);
  const request = new Request("http://127.0.0.1/mcp", {
    headers: { authorization: `Bearer ${await fixture.issue("ci")}` },
  });
  const seen = { pulls: 0, cancelled: undefined as unknown };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (seen.pulls === failsAfter) throw new Error("the source failed");
        controller.enqueue(encode(`data: ${String(++seen.pulls)}\n\n`));
      },
      cancel: (reason) => void (seen.cancelled = reason ?? "no reason"),
    },
    { highWaterMark: 0 },
  );
  const revoke = async () => {
    await fixture.keys.revoke("ci");
    await until(() => !fixture.verifier.verifyHeader(request.headers.get("authorization")).ok);
  };
  const respond = (headers: Record<string, string>) => guard(request, () => new Response(body, { headers }));
  return { ...fixture, guard, request, body, seen, revoke, respond };
}

test("ends events at once, even if some were not read, and cancels their source", async () => {
  const { seen, revoke, respond } = await start();
  const reader = (await respond(EVENTS)).body!.getReader();
  expect(await reader.read()).toMatchObject({ done: false });
  await revoke();
  expect(await reader.read()).toEqual({ done: true, value: undefined });
  expect(seen.cancelled).toBe("no reason");
});

test("ends any other stream with an error, because half of it must not look complete", async () => {
  const ndjson = { "content-type": "application/x-ndjson" };
  const heads: Record<string, string>[] = [
    {},
    ndjson,
    { "content-type": "text/plain", "transfer-encoding": "chunked" },
  ];
  for (const headers of heads) {
    const { revoke, respond, seen } = await start();
    const reader = (await respond(headers)).body!.getReader();
    await reader.read();
    const failed = expect(reader.closed).rejects.toThrow("the key of this request is no longer valid");
    await revoke();
    await failed;
    await until(() => seen.cancelled !== undefined);
  }
});

test("reads no more than its own reader asks for, and passes a cancellation on", async () => {
  const { seen, respond, keys, verifier, followed } = await start();
  const { body } = await respond(EVENTS);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(seen.pulls).toBe(0);
  const reader = body!.getReader();
  await reader.read();
  await reader.read();
  expect(seen.pulls).toBe(2);
  await reader.cancel("enough");
  expect(seen.cancelled).toBe("enough");
  await keys.revoke("ci");
  await followed();
  expect(verifier.counters.streamsClosed.revoked).toBe(0);
});

test("passes the end and the error of a source on", async () => {
  const { respond, guard, request } = await start({ failsAfter: 1 });
  const failing = (await respond(EVENTS)).body!.getReader();
  await failing.read();
  await expect(failing.read()).rejects.toThrow("the source failed");
  const complete = await guard(request, () => new Response(new Blob(["whole"]).stream()));
  expect(await complete.text()).toBe("whole");
});

test("ends a response that nobody has read yet with its first read", async () => {
  const { revoke, respond, seen } = await start();
  const response = await respond(EVENTS);
  await revoke();
  expect([await response.text(), seen.pulls, seen.cancelled]).toEqual(["", 0, "no reason"]);
});

test("answers 401 instead of the response if the key was revoked while the handler ran", async () => {
  const { guard, request, body, seen, revoke } = await start();
  const response = await guard(request, async () => {
    await revoke();
    return new Response(body, { headers: EVENTS });
  });
  expect([response.status, response.headers.get("www-authenticate")]).toEqual([
    401,
    expect.stringContaining("invalid_token"),
  ]);
  expect(seen).toEqual({ pulls: 0, cancelled: "no reason" });
});

test("leaves documents as they are", async () => {
  const { guard, request } = await start();
  for (const response of [Response.json({}), new Response("text"), new Response(null, { status: 204 })]) {
    const finished = await guard(request, () => response);
    expect(finished.body).toBe(response.body);
  }
});

test("does not read the headers of a text in Hono's adapter for Node, which would make it slower", async () => {
  const { guard, request } = await start();
  request.headers.set("mcp-protocol-version", "2025-11-25");
  const response = new Response("text");
  Object.defineProperty(response, Symbol("cache"), { value: [200, "text", {}] });
  Object.defineProperty(response, "headers", { get: () => expect.unreachable("the headers were read") });
  expect(await guard(request, () => response)).toBe(response);
});
