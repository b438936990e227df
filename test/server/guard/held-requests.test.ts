import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import express, { type RequestHandler } from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { describe, expect, onTestFinished, test } from "vitest";
import { guardFastify } from "../../../src/server/fastify.ts";
import { guardFetch } from "../../../src/server/fetch/guard-fetch.ts";
import type { GuardOptions } from "../../../src/server/guard/guard-options.ts";
import { guardNode } from "../../../src/server/node/guard-node.ts";
import type { Verifier } from "../../../src/server/verifier/verifier.ts";
import { createFixture, until } from "../fixture.ts";
import { call } from "./guarded.ts";

const HELD = 50;
const BODY = JSON.stringify(call("add"));
const OPTIONS: GuardOptions = { toolScopes: { wipe: ["admin"] } };
/** Why a guard waits for the body. */
const REASONS: [why: string, options: GuardOptions, records: boolean][] = [
  ["scopes of tools", OPTIONS, false],
  ["records of calls", {}, true],
  ["records of calls, with streams kept", { openStreams: "keep" }, true],
];

/** Servers that count the calls of their handler with `ran`. */
const servers: Record<string, (verifier: Verifier, ran: () => void, options: GuardOptions) => Promise<Server>> = {
  "node:http": async (verifier, ran, options) => {
    const guard = guardNode(verifier, options);
    return createServer((request, response) =>
      guard(request, response, () => {
        ran();
        response.end();
      }),
    );
  },
  express: async (verifier, ran, options) => {
    const handle: RequestHandler = (_request, response) => {
      ran();
      response.end();
    };
    const app = express().use(guardNode(verifier, options) as RequestHandler, express.json(), handle);
    return createServer(app as RequestListener);
  },
  "express with json() before": async (verifier, ran, options) => {
    const handle: RequestHandler = (_request, response) => {
      ran();
      response.end();
    };
    // The guard judges once, when the body is there.
    return createServer(
      express().use(express.json(), guardNode(verifier, options) as RequestHandler, handle) as RequestListener,
    );
  },
  fastify: async (verifier, ran, options) => {
    const app = fastify();
    await app.register(guardFastify, { verifier, ...options });
    app.all("/*", async () => ran());
    await app.ready();
    return app.server;
  },
  hono: async (verifier, ran, options) => {
    const guard = guardFetch(verifier, options);
    const app = new Hono().all("*", (c) =>
      guard(c.req.raw, () => {
        ran();
        return new Response();
      }),
    );
    const listener = getRequestListener(app.fetch);
    return createServer((request, response) => void listener(request, response));
  },
};

describe.each(REASONS)("a guard that reads bodies for %s", (_, options, records) => {
  test.each(Object.keys(servers))(
    "%s: runs none of 50 requests whose key was revoked between head and body",
    async (name) => {
      const { verifier, issue, keys, followed, clock } = await createFixture(records ? { onAccess: () => {} } : {});
      const tokens = { ci: await issue("ci"), other: await issue("other") };
      let ran = 0;
      const server = await servers[name]!(verifier, () => ran++, options);
      let heads = 0;
      server.on("request", () => heads++);
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      onTestFinished(() => {
        server.closeAllConnections();
        server.close();
      });
      const hold = (token: string) => holdRequest((server.address() as AddressInfo).port, token);
      const held = Array.from({ length: HELD }, () => hold(tokens.ci));
      const control = hold(tokens.other);
      await until(() => heads === HELD + 1);

      clock.now += 10;
      await keys.revoke("ci");
      await followed();
      expect(await Promise.all(held.map(finish))).toEqual(Array.from({ length: HELD }, () => 401));
      expect(ran).toBe(0);
      expect(await finish(control)).toBe(200);
      expect(ran).toBe(1);
      expect(verifier.counters.refused.revoked).toBe(HELD);
    },
  );
});

test("counts a request once, although it is judged twice", async () => {
  const verdicts: boolean[] = [];
  const { verifier, issue } = await createFixture({ onVerdict: ({ ok }) => void verdicts.push(ok) });
  const guard = guardFetch(verifier, OPTIONS);
  const headers = { authorization: `Bearer ${await issue("ci")}`, "content-type": "application/json" };
  const request = new Request("http://127.0.0.1/mcp", { method: "POST", headers, body: BODY });
  expect(await guard(request)).toMatchObject({ ok: true });
  expect([verifier.counters.accepted, verdicts]).toEqual([1, [true]]);
});

test("refuses a request whose session another key has opened while the body arrived", async () => {
  const { verifier, issue } = await createFixture();
  const guard = guardFetch(verifier, OPTIONS);
  const send = async (name: string, body: string | ReadableStream, session?: string) => {
    const headers = { authorization: `Bearer ${await issue(name)}`, ...(session && { "mcp-session-id": session }) };
    const opened = new Response(null, { headers: session === undefined ? { "mcp-session-id": "s" } : {} });
    const init = { method: "POST", headers, body, duplex: "half" as const };
    return guard(new Request("http://127.0.0.1/mcp", init), () => opened);
  };
  let finishBody = (): void => undefined;
  const slow = new ReadableStream<Uint8Array>({
    start(controller) {
      finishBody = () => {
        controller.enqueue(new TextEncoder().encode(BODY));
        controller.close();
      };
    },
  });
  const held = send("a", slow, "s");
  expect((await send("b", BODY)).status).toBe(200);
  finishBody();
  expect((await held).status).toBe(404);
});

/** Sends a head that announces a body. */
function holdRequest(port: number, token: string): Socket {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const lines = ["Host: 127.0.0.1", `Authorization: Bearer ${token}`, "Content-Type: application/json"];
  socket.write(["POST /mcp HTTP/1.1", ...lines, `Content-Length: ${BODY.length}`, "", ""].join("\r\n"));
  return socket;
}

async function finish(socket: Socket): Promise<number> {
  socket.write(BODY);
  const [data] = (await once(socket, "data")) as [Buffer];
  return Number(/^HTTP\/1\.1 (\d+)/.exec(String(data))?.[1]);
}
