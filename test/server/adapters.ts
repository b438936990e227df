import { once } from "node:events";
import { createServer, request as send, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import type { AuthInfo } from "../../src/server/auth-info.ts";
import { guardFastify } from "../../src/server/fastify.ts";
import { guardFetch } from "../../src/server/fetch.ts";
import type { GuardOptions } from "../../src/server/guard-options.ts";
import { guardNode, type GuardedRequest } from "../../src/server/node.ts";
import type { Verifier } from "../../src/server/verifier.ts";

/** What was sent and what came back, in the same form from every adapter. */
export interface Sent {
  readonly method?: string;
  /** Name and value in turn, so that a header can stand there twice. */
  readonly headers?: readonly string[];
  readonly query?: string;
}
export interface Got {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  /** What the handler behind the guard saw, or null when it was not reached. */
  readonly auth: AuthInfo | null;
}

/** A server whose guard is under test. */
export interface Adapter {
  ask(sent: Sent): Promise<Got>;
  close(): Promise<void>;
}

type OpenAdapter = (verifier: Verifier, options: GuardOptions) => Promise<Adapter>;

/** Every guard that answers by the same table. */
export const adapters: Record<string, OpenAdapter> = {
  fetch: async (verifier, options) => {
    const guard = guardFetch(verifier, options);
    return {
      async ask({ method = "GET", headers = [], query = "" }) {
        const sent = new Headers();
        for (let i = 0; i < headers.length; i += 2) sent.append(headers[i]!, headers[i + 1]!);
        const entry = await guard(new Request(`http://127.0.0.1/mcp${query}`, { method, headers: sent }));
        if (entry.ok) return { status: 200, headers: {}, body: "", auth: entry.auth ?? null };
        const { status, headers: received } = entry.response;
        return { status, headers: Object.fromEntries(received), body: await entry.response.text(), auth: null };
      },
      close: async () => {},
    };
  },
  hono: async (verifier, options) => {
    const guard = guardFetch(verifier, options);
    let auth: AuthInfo | null = null;
    const app = new Hono();
    app.all("/mcp", (c) =>
      guard(c.req.raw, (_request, who) => {
        auth = who ?? null;
        return c.body(null);
      }),
    );
    return {
      async ask({ method = "GET", headers = [], query = "" }) {
        auth = null;
        const sent = new Headers();
        for (let i = 0; i < headers.length; i += 2) sent.append(headers[i]!, headers[i + 1]!);
        const response = await app.request(`http://127.0.0.1/mcp${query}`, { method, headers: sent });
        const { status, headers: received } = response;
        return { status, headers: Object.fromEntries(received), body: await response.text(), auth };
      },
      close: async () => {},
    };
  },
  "node:http": async (verifier, options) => {
    const guard = guardNode(verifier, options);
    let auth: AuthInfo | null = null;
    const server = createServer((request, response) =>
      guard(request, response, () => {
        auth = (request as GuardedRequest).auth;
        response.end();
      }),
    );
    return overHttp(
      server,
      () => auth,
      () => (auth = null),
    );
  },
  express: async (verifier, options) => {
    let auth: AuthInfo | null = null;
    const app = express();
    app.use("/mcp", guardNode(verifier, options), (request, response) => {
      auth = (request as unknown as GuardedRequest).auth;
      response.end();
    });
    return overHttp(
      createServer(app),
      () => auth,
      () => (auth = null),
    );
  },
  fastify: async (verifier, options) => {
    let auth: AuthInfo | null = null;
    const server = await fastifyServer(verifier, options, (who) => (auth = who));
    return overHttp(
      server,
      () => auth,
      () => (auth = null),
    );
  },
};

async function fastifyServer(verifier: Verifier, options: GuardOptions, seen: (auth: AuthInfo | null) => void) {
  const app = fastify();
  await app.register(guardFastify, { verifier, ...options });
  app.all("/mcp", (request, reply) => {
    seen((request.raw as GuardedRequest).auth);
    return reply.send();
  });
  await app.ready();
  return app.server;
}

async function overHttp(server: Server, auth: () => AuthInfo | null, forget: () => void): Promise<Adapter> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    async ask({ method = "GET", headers = [], query = "" }) {
      forget();
      const all = ["Host", `127.0.0.1:${port}`, ...headers];
      const request = send({ host: "127.0.0.1", port, path: `/mcp${query}`, method, headers: all, agent: false });
      request.end();
      const [response] = (await once(request, "response")) as [IncomingMessage];
      const { date: _date, connection: _connection, ...rest } = response.headers as Record<string, string>;
      return { status: response.statusCode!, headers: rest, body: await text(response), auth: auth() };
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
