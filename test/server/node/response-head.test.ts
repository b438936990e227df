import { type IncomingMessage, ServerResponse } from "node:http";
import express from "express";
import { expect, test } from "vitest";
import { watchHead } from "../../../src/server/node/response-head.ts";
import { ask } from "../guard/ask.ts";

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** Watches, and notes the session and the status it was shown. */
function watcher(seen: string[]): Middleware {
  return (_request, response, next) => {
    watchHead(response, (head) => {
      seen.push(`${head.header("mcp-session-id") ?? "none"} ${head.status}`);
      return null;
    });
    next();
  };
}

/** As compression and others do: a method of the response's own that calls the one that was there. */
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
  ["writeHead with a text", (_, response) => void response.writeHead(200, "Fine", { "mcp-session-id": "s1" }).end()],
  ["writeHead with a list", (_, response) => void response.writeHead(200, ["mcp-session-id", "s1"]).end()],
  ["setHeader and end", (_, response) => void response.setHeader("MCP-Session-Id", "s1").end("ok")],
  [
    "setHeader and write",
    (_, response) => void (response.setHeader("mcp-session-id", "s1").write("o"), response.end()),
  ],
  ["flushHeaders", (_, response) => void (response.setHeader("mcp-session-id", "s1").flushHeaders(), response.end())],
  [
    "an interim answer first",
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
] satisfies [string, Middleware][])(
  "the head of an answer by %s is shown once, whoever replaces methods",
  async (_, handler) => {
    for (const layers of [[], [wraps]]) {
      for (const later of [[], [wraps]]) {
        const seen: string[] = [];
        expect(await ask(express().use(...layers, watcher(seen), ...later, handler))).toBe(200);
        expect(seen).toEqual(["s1 200"]);
      }
    }
  },
);

test("two that watch one answer are both shown its head", async () => {
  const seen: string[] = [];
  await ask(express().use(wraps, watcher(seen), watcher(seen), answer));
  await ask(express().use(watcher(seen), watcher(seen), answer));
  expect(seen).toEqual(Array.from({ length: 4 }, () => "s1 200"));
});

test("an answer that nobody watches is not shown, nor one to another request", async () => {
  const seen: string[] = [];
  await ask(express().get("/watched", watcher(seen), answer).use(answer), "/other");
  expect(seen).toEqual([]);
});

test("an answer by an app around or within the one that watches is shown", async () => {
  const seen: string[] = [];
  const within = express().use(watcher(seen));
  await ask(express().use("/in", within).use(answer), "/in");
  await ask(express().use(watcher(seen)).use("/in", express().use(answer)), "/in");
  expect(seen).toEqual(["s1 200", "s1 200"]);
});

test("an answer by a proxy of the response is shown", async () => {
  const seen: string[] = [];
  const through: Middleware = (_request, response) => {
    // Node's own `end` does without a proxy.
    new Proxy(response, {}).writeHead(200, { "mcp-session-id": "s1" });
    response.end();
  };
  await ask(express().use(watcher(seen), through));
  expect(seen).toEqual(["s1 200"]);
});

test("an app that writes heads itself is watched all the same, also when it began to late", async () => {
  const seen: string[] = [];
  const app = express().use(watcher(seen), answer);
  await ask(app);
  app.response.writeHead = function (this: ServerResponse, ...args: unknown[]) {
    return Reflect.apply(ServerResponse.prototype.writeHead, this, args) as ServerResponse;
  } as typeof app.response.writeHead;
  await ask(app);
  expect(seen).toEqual(["s1 200", "s1 200"]);
});

test("a response that writes its head by Node's class itself is watched all the same", async () => {
  const seen: string[] = [];
  const direct: Middleware = (_request, response, next) => {
    (response as { writeHead: unknown }).writeHead = (...args: unknown[]) =>
      Reflect.apply(ServerResponse.prototype.writeHead, response, args) as ServerResponse;
    next();
  };
  await ask(express().use(watcher(seen), answer));
  await ask(express().use(direct, watcher(seen), answer));
  expect(seen).toEqual(["s1 200", "s1 200"]);
});

test("an answer to a request whose raw headers are made as they are asked for is shown", async () => {
  class Own extends ServerResponse {}
  const seen: string[] = [];
  await ask((request, response) => {
    Object.setPrototypeOf(response, Own.prototype);
    Object.defineProperty(request, "rawHeaders", { get: () => [] });
    watcher(seen)(request, response, () => answer(request, response, () => {}));
  });
  expect(seen).toEqual(["s1 200"]);
  expect(Object.hasOwn(Own.prototype, "writeHead")).toBe(false);
});

test("a head that is written twice, which Node refuses, is shown once", async () => {
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

test("what only pretends to answer a request writes its head as ever", async () => {
  const seen: string[] = [];
  const app = express().use(watcher(seen), answer);
  await ask(app);
  const pretended = new ServerResponse(Object.create(null) as IncomingMessage);
  Object.setPrototypeOf(pretended, app.response);
  expect(pretended.writeHead(200, { "mcp-session-id": "s2" }).statusCode).toBe(200);
  expect(seen).toEqual(["s1 200"]);
});

test("of Node's own classes nothing is replaced", async () => {
  const { writeHead } = ServerResponse.prototype as unknown as { writeHead: unknown };
  const seen: string[] = [];
  await ask((request, response) => watcher(seen)(request, response, () => answer(request, response, () => {})));
  await ask(express().use(watcher(seen), answer));
  expect((ServerResponse.prototype as unknown as { writeHead: unknown }).writeHead).toBe(writeHead);
  expect(seen).toEqual(["s1 200", "s1 200"]);
});
