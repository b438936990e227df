import { type IncomingMessage, ServerResponse } from "node:http";
import express from "express";
import { expect, test } from "vitest";
import { watchHead } from "../../../src/server/node/response-head.ts";
import { ask } from "../guard/ask.ts";

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** Watches, and records the session and status of each head. */
function watcher(seen: string[]): Middleware {
  return (_request, response, next) => {
    watchHead(response, (head) => {
      seen.push(`${head.header("mcp-session-id") ?? "none"} ${head.status}`);
      return null;
    });
    next();
  };
}

/** Wraps `writeHead`, as compression and others do. */
const wraps: Middleware = (_request, response, next) => {
  const { writeHead } = response as unknown as { writeHead: (...args: unknown[]) => ServerResponse };
  const wrapped = (...args: unknown[]) => Reflect.apply(writeHead, response, args);
  (response as { writeHead: unknown }).writeHead = wrapped;
  next();
};

const answer: Middleware = (_request, response) => {
  response.writeHead(200, { "Mcp-Session-Id": "s1" }).end();
};

test.each([
  ["writeHead", answer],
  [
    "writeHead with a status text",
    (_, response) => void response.writeHead(200, "Fine", { "mcp-session-id": "s1" }).end(),
  ],
  ["writeHead with a list", (_, response) => void response.writeHead(200, ["mcp-session-id", "s1"]).end()],
  ["setHeader and end", (_, response) => void response.setHeader("MCP-Session-Id", "s1").end("ok")],
  [
    "setHeader and write",
    (_, response) => void (response.setHeader("mcp-session-id", "s1").write("o"), response.end()),
  ],
  ["flushHeaders", (_, response) => void (response.setHeader("mcp-session-id", "s1").flushHeaders(), response.end())],
  [
    "an interim response first",
    (request, response, next) => {
      response.writeEarlyHints({ link: "</a>" }, () => {
        answer(request, response, next);
      });
    },
  ],
  [
    "Express's json",
    (_, response) => void (response as unknown as express.Response).set("mcp-session-id", "s1").json({}),
  ],
] satisfies [string, Middleware][])("sees the head once with %s, even if writeHead is wrapped", async (_, handler) => {
  for (const layers of [[], [wraps]]) {
    for (const later of [[], [wraps]]) {
      const seen: string[] = [];
      expect(await ask(express().use(...layers, watcher(seen), ...later, handler))).toBe(200);
      expect(seen).toEqual(["s1 200"]);
    }
  }
});

test("two watchers of one response both see its head", async () => {
  const seen: string[] = [];
  await ask(express().use(wraps, watcher(seen), watcher(seen), answer));
  await ask(express().use(watcher(seen), watcher(seen), answer));
  expect(seen).toEqual(Array.from({ length: 4 }, () => "s1 200"));
});

test("does not see the response to another request", async () => {
  const seen: string[] = [];
  await ask(express().get("/watched", watcher(seen), answer).use(answer), "/other");
  expect(seen).toEqual([]);
});

test("sees the response of an outer or nested app", async () => {
  const seen: string[] = [];
  const nested = express().use(watcher(seen));
  await ask(express().use("/in", nested).use(answer), "/in");
  await ask(express().use(watcher(seen)).use("/in", express().use(answer)), "/in");
  expect(seen).toEqual(["s1 200", "s1 200"]);
});

test("sees a response that a proxy writes", async () => {
  const seen: string[] = [];
  const through: Middleware = (_request, response) => {
    // Node's `end` does not work through a proxy.
    new Proxy(response, {}).writeHead(200, { "mcp-session-id": "s1" });
    response.end();
  };
  await ask(express().use(watcher(seen), through));
  expect(seen).toEqual(["s1 200"]);
});

test("sees a response whose app overrides writeHead", async () => {
  const seen: string[] = [];
  const app = express().use(watcher(seen), answer);
  app.response.writeHead = function (this: ServerResponse, ...args: unknown[]) {
    return Reflect.apply(ServerResponse.prototype.writeHead, this, args) as ServerResponse;
  } as typeof app.response.writeHead;
  await ask(app);
  expect(seen).toEqual(["s1 200"]);
});

test("sees the head once if the server writes it twice, which Node refuses", async () => {
  const seen: string[] = [];
  const twice: Middleware = (_request, response) => {
    response.writeHead(200, { "mcp-session-id": "s1" });
    expect(() => response.writeHead(500)).toThrow(expect.objectContaining({ code: "ERR_HTTP_HEADERS_SENT" }));
    response.end();
  };
  await ask(express().use(watcher(seen), twice));
  await ask((request, response) => watcher(seen)(request, response, () => twice(request, response, () => {})));
  expect(seen).toEqual(["s1 200", "s1 200"]);
});

test("changes no prototype", async () => {
  const { writeHead } = ServerResponse.prototype as unknown as { writeHead: unknown };
  const seen: string[] = [];
  const app = express().use(watcher(seen), answer);
  await ask((request, response) => watcher(seen)(request, response, () => answer(request, response, () => {})));
  await ask(app);
  expect((ServerResponse.prototype as unknown as { writeHead: unknown }).writeHead).toBe(writeHead);
  for (const prototype of [app.response, express.response]) expect(Object.hasOwn(prototype, "writeHead")).toBe(false);
  expect(seen).toEqual(["s1 200", "s1 200"]);
});
