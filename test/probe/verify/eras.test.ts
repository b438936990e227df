import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { KeysError } from "../../../src/errors.ts";
import type { HttpRequest } from "../../../src/http/http.ts";
import { ServerBehavior, startServer, type Mistake } from "../servers/configurable-server.ts";
import { caughtIn, probeAt } from "../servers/probing.ts";
import { during, TOKEN, verify } from "./verifying.ts";

/** Ways to fail in an era that the server does not speak. */
const FAILURES: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
  "500": (response) => response.writeHead(500).end(),
  "501": (response) => response.writeHead(501).end(),
  "503": (response) => response.writeHead(503).end("<h1>down</h1>"),
  "404": (response) => response.writeHead(404).end("Not found"),
  "405": (response) => response.writeHead(405, { allow: "GET" }).end(),
  "401": (response) => response.writeHead(401).end(),
  "403": (response) => response.writeHead(403).end(),
  "400 and a page": (response) => response.writeHead(400, { "content-type": "text/html" }).end("<h1>no</h1>"),
  "200 and a page": (response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>hello</h1>"),
  "a redirect": (response) => response.writeHead(307, { location: "/elsewhere" }).end(),
  "a redirect to a page": (response) => response.writeHead(302, { location: "/login" }).end(),
  "a compressed answer": (response) => response.writeHead(200, { "content-encoding": "gzip" }).end("zzz"),
  "a closed connection": (response) => response.destroy(),
  "a body that is cut off": (response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
    response.write("{", () => response.destroy());
  },
  "a stream that ends": (response) => response.writeHead(200, { "content-type": "text/event-stream" }).end(),
  silence: () => undefined,
  "a stream without a reply": (response) =>
    response.writeHead(200, { "content-type": "text/event-stream" }).write(": hello\n\n"),
};

const isModern = ({ headers }: IncomingMessage): boolean => headers["mcp-protocol-version"] === "2026-07-28";

/** The era a server speaks → which requests belong to eras that it does not speak. */
const SPEAKING: Readonly<Record<"modern" | "legacy" | "sse", (request: IncomingMessage) => boolean>> = {
  modern: (request) => request.method === "POST" && !isModern(request),
  legacy: isModern,
  sse: (request) => request.method === "POST" && request.url === "/mcp",
};

function failing(era: keyof typeof SPEAKING, fail: (response: ServerResponse) => unknown): Mistake {
  return {
    eras: era,
    handle(request, response) {
      if (!SPEAKING[era](request)) return ServerBehavior.prototype.handle.call(this, request, response);
      fail(response);
      return Promise.resolve();
    },
  };
}

const CASES = Object.keys(SPEAKING).flatMap((era) =>
  Object.entries(FAILURES).map(([how, fail]) => ({ era: era as keyof typeof SPEAKING, how, fail })),
);

// Concurrent, because the silent ones only wait.
describe.concurrent.each(CASES)("a $era server that answers the other eras with $how", ({ era, fail }) => {
  const timeoutMs = 6000;

  test("is enforced if it requires a key", { timeout: 30_000 }, async ({ onTestFinished }) => {
    const { url } = await during(startServer([TOKEN.reveal()], failing(era, fail)), onTestFinished);
    const found = await verify(url, TOKEN, { timeoutMs });
    expect(found).toMatchObject({
      ok: true,
      outcome: "enforced",
      era,
      anonymous: { era, status: 401 },
      changed: { era },
    });
    expect(found.hint).toBeUndefined();
  });

  test("is not enforced if it requires none", { timeout: 30_000 }, async ({ onTestFinished }) => {
    const open = { ...failing(era, fail), isGuarded: () => false };
    const { url } = await during(startServer([TOKEN.reveal()], open), onTestFinished);
    expect(await verify(url, TOKEN, { timeoutMs })).toMatchObject({ outcome: "not-enforced", era, anonymous: { era } });
  });
});

test.concurrent.each(["500", "501", "a redirect", "a closed connection", "silence"])(
  "test judges a legacy server that answers newer clients with %s, guarded or not",
  { timeout: 60_000 },
  async (how) => {
    const mistake = failing("legacy", FAILURES[how]!);
    const [guarded, open] = await Promise.all([
      startServer([TOKEN.reveal()], mistake),
      startServer([TOKEN.reveal()], { ...mistake, isGuarded: () => false }),
    ]);
    const [good, bad] = await Promise.all([guarded, open].map(({ url }) => probeAt(url, { timeoutMs: 1000 })));
    await Promise.all([guarded.close(), open.close()]);
    expect(caughtIn(good!)).toEqual([]);
    expect(good).toMatchObject({ result: "protected", eras: [{ era: "legacy" }] });
    expect(bad!.result).toBe("unprotected");
    expect(caughtIn(bad!)).toContain("requires-key");
  },
);

test.each([
  ["legacy", (request: IncomingMessage) => request.method === "POST" && !isModern(request)],
  ["modern", isModern],
] as const)(
  "a server that guards every era but the %s one is not enforced, and the verdict names it",
  async (era, isOpen) => {
    const { url } = await during(
      startServer([TOKEN.reveal()], {
        handle(request, response) {
          if (!isOpen(request)) return ServerBehavior.prototype.handle.call(this, request, response);
          // Refuses the valid key, so that only a request without one can tell.
          if (request.headers.authorization === undefined) return this.serve(request, response);
          this.json(response, 400, {});
          return Promise.resolve();
        },
      }),
    );
    const found = await verify(url);
    expect(found).toMatchObject({
      outcome: "not-enforced",
      presented: { status: 200 },
      anonymous: { era, status: 200 },
    });
    expect(found.era).not.toBe(era);
    expect(found.hint).toContain(`without a key in the ${era} era`);
  },
);

test("a refusal tells no era: a key that only the legacy era knows is accepted there", async () => {
  const { url } = await during(
    startServer([TOKEN.reveal()], {
      handle(request, response) {
        if (!isModern(request)) return ServerBehavior.prototype.handle.call(this, request, response);
        this.refuse(request, response, "wrong");
        return Promise.resolve();
      },
    }),
  );
  expect(await verify(url)).toMatchObject({ outcome: "enforced", era: "legacy" });
});

test("silence in every era takes exactly the timeout, by the clock passed in, and half of it in the first", async () => {
  let clock = 0;
  const limits: number[] = [];
  const request: HttpRequest = ({ timeoutMs }) => {
    limits.push(timeoutMs);
    clock += timeoutMs;
    return Promise.reject(
      new KeysError("SERVER_UNREACHABLE", "did not answer in time", { cause: { code: "TIMED_OUT" } }),
    );
  };
  const found = await verify("http://127.0.0.1:1/mcp", TOKEN, { request, now: () => clock, timeoutMs: 10_000 });
  expect(found).toMatchObject({ outcome: "unreachable", presented: null });
  expect(limits[0]).toBe(5000);
  expect(clock).toBe(10_000);
});

test("a host that refuses connections is asked once", async () => {
  let asked = 0;
  const request: HttpRequest = () => {
    asked++;
    return Promise.reject(
      new KeysError("SERVER_UNREACHABLE", "refuses connections", { cause: { code: "ECONNREFUSED" } }),
    );
  };
  expect(await verify("http://127.0.0.1:1/mcp", TOKEN, { request })).toMatchObject({ outcome: "unreachable" });
  expect(asked).toBe(1);
});
