import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import express from "express";
import { expect, onTestFinished, test } from "vitest";
import { guardNode } from "../../../src/server/node/guard-node.ts";
import { createFixture } from "../fixture.ts";

const ORIGIN = "https://app.example";
const LIST = { allowedOrigins: [ORIGIN] };

/** The ways of a Node server to write its head, each with `Vary: Accept` and `X-Other: 1`. */
const WAYS: Record<string, (response: ServerResponse) => void> = {
  "setHeader and end": (response) => {
    response.setHeader("Vary", "Accept").setHeader("X-Other", "1");
    response.end("body");
  },
  "setHeader, write and end": (response) => {
    response.setHeader("vary", ["Accept"]).setHeader("X-Other", "1");
    response.write("body");
    response.end();
  },
  flushHeaders: (response) => {
    response.setHeader("Vary", "Accept").setHeader("X-Other", "1").flushHeaders();
    response.end("body");
  },
  "writeHead with an object": (response) => response.writeHead(200, { VARY: "Accept", "X-Other": "1" }).end("body"),
  "writeHead with a reason": (response) =>
    response.writeHead(200, "OK", { Vary: "Accept", "X-Other": "1" }).end("body"),
  "writeHead with a list": (response) => response.writeHead(200, ["Vary", "Accept", "X-Other", "1"]).end("body"),
  "setHeader before writeHead": (response) => {
    response.setHeader("Vary", "Accept");
    response.writeHead(200, { "X-Other": "1" }).end("body");
  },
};

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    if ("closeAllConnections" in server) server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([
  ["a guard that only adds headers", {}],
  ["a guard that may rewrite the body", { toolScopes: { wipe: ["admin"] } }],
])("joins its Vary with that of the server, however the server writes it: %s", async (_, more) => {
  const { verifier, issue } = await createFixture();
  const headers = { authorization: `Bearer ${await issue("ci")}`, origin: ORIGIN };
  const guard = guardNode(verifier, { ...LIST, ...more });
  const url = await listen(
    createServer((request, response) =>
      guard(request, response, () => WAYS[decodeURIComponent(request.url!.slice(1))]!(response)),
    ),
  );
  for (const way of Object.keys(WAYS)) {
    const response = await fetch(`${url}/${encodeURIComponent(way)}`, { headers });
    const { vary, "x-other": other, "access-control-allow-origin": allowed } = Object.fromEntries(response.headers);
    expect({ way, vary, other, allowed }).toEqual({ way, vary: "Accept, Origin", other: "1", allowed: ORIGIN });
    expect(await response.text()).toBe("body");
  }
});

test("keeps the Vary of a middleware before the guard in a refusal", async () => {
  const { verifier } = await createFixture();
  const app = express();
  app.use(
    (_request, response, next) => {
      response.vary("Accept-Encoding");
      next();
    },
    guardNode(verifier, LIST),
  );
  const response = await fetch(await listen(createServer(app as never)), { headers: { origin: ORIGIN } });
  expect([response.status, response.headers.get("vary")]).toEqual([401, "Accept-Encoding, Origin"]);
});

test("joins its Vary with that of the server over HTTP/2", async () => {
  const { verifier, issue } = await createFixture();
  const authorization = `Bearer ${await issue("ci")}`;
  const guard = guardNode(verifier, LIST);
  const server = createHttp2Server((request, response) =>
    guard(request as never, response as never, () => {
      response.setHeader("vary", "Accept");
      response.end("body");
    }),
  );
  const client = connectHttp2(await listen(server as never));
  onTestFinished(() => client.destroy());
  const stream = client.request({ ":path": "/mcp", authorization, origin: ORIGIN });
  const [head] = (await once(stream, "response")) as [Record<string, unknown>];
  expect(head).toMatchObject({ vary: "Accept, Origin", "access-control-allow-origin": ORIGIN });
});
