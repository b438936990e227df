import fc from "fast-check";
import { expect, test } from "vitest";
import { getRequestListener } from "@hono/node-server";
import { FetchRequestView } from "../../../src/server/fetch/request-view.ts";
import { guardFetch } from "../../../src/server/fetch/guard-fetch.ts";
import { createVerifier } from "../../../src/server/verifier/verifier.ts";
import { createKeys } from "../../../src/keys/keys.ts";
import { openStore } from "../../../src/open-store.ts";
import { listen } from "../../servers/listen.ts";

const NAMES = ["Authorization", "X-API-Key", "Host", "Origin", "Content-Type", "Mcp-Session-Id", "Mcp-Method"];
const name = fc.constantFrom(...NAMES).chain((each) => fc.constantFrom(each, each.toLowerCase(), each.toUpperCase()));
const value = fc.string({ unit: fc.constantFrom("a", "B", ",", " ", '"', ";", "="), minLength: 1, maxLength: 8 });
const raw = fc.array(
  fc.tuple(
    name,
    value.map((text) => text.trim()),
  ),
  { maxLength: 6 },
);

/** A request as Hono's adapter for Node makes it. */
function adapted(rawHeaders: readonly string[], made?: Headers): Request {
  const request = { url: "http://host.example/mcp?a=b", method: "POST", headers: made };
  const kept = { [Symbol("incomingKey")]: { rawHeaders, socket: {}, httpVersionMajor: 1 } };
  return Object.assign(request, kept, made === undefined ? {} : { [Symbol("headersKey")]: made }) as unknown as Request;
}

test("reads the same from the raw headers as from headers, and finds at least the same flaws", () => {
  fc.assert(
    fc.property(raw, (pairs) => {
      const standard = new Request("http://host.example/mcp?a=b", { method: "POST", headers: pairs });
      const slow = new FetchRequestView(standard, null);
      const fast = new FetchRequestView(adapted(pairs.flat()), null);
      for (const each of NAMES) expect(fast.header(each.toLowerCase())).toBe(slow.header(each.toLowerCase()));
      expect([fast.method, fast.path, fast.query]).toEqual([slow.method, slow.path, slow.query]);
      if (slow.flaw !== null) expect(fast.flaw).not.toBeNull();
    }),
  );
});

test("reads headers that a middleware may have changed", () => {
  const view = new FetchRequestView(
    adapted(["Authorization", "Bearer a"], new Headers({ authorization: "Bearer b" })),
    null,
  );
  expect(view.header("authorization")).toBe("Bearer b");
});

test("ignores a property of the same name without raw headers", () => {
  const request = new Request("http://host.example/mcp", { headers: { authorization: "Bearer a" } });
  Object.assign(request, { [Symbol("incomingKey")]: { rawHeaders: "Authorization" } });
  expect(new FetchRequestView(request, null).header("authorization")).toBe("Bearer a");
});

test("leaves the headers of Hono's adapter unmade, and judges each request by its own", async ({ onTestFinished }) => {
  const store = await openStore("memory:");
  const { token } = await createKeys({ store, by: "test@here" }).generate({ name: "ci", expiresAt: null });
  const verifier = await createVerifier({ store });
  const guard = guardFetch(verifier);
  const made: boolean[] = [];
  const handle = getRequestListener((request) => {
    const answer = guard(request, () => new Response("ok"));
    made.push(Object.getOwnPropertySymbols(request).some(({ description }) => description === "headersKey"));
    return answer;
  });
  const server = await listen((request, response) => void handle(request, response), "/mcp");
  onTestFinished(async () => {
    await server.close();
    await verifier.close();
  });
  const ask = async (headers: Record<string, string>): Promise<number> => (await fetch(server.url, { headers })).status;
  expect(await ask({ authorization: `Bearer ${token.reveal()}` })).toBe(200);
  expect(await ask({ authorization: "Bearer mcp_wrong" })).toBe(401);
  expect(await ask({})).toBe(401);
  expect(made).toEqual([false, false, false]);
});
