import { once } from "node:events";
import {
  createServer,
  request as send,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { buffer, text } from "node:stream/consumers";
import express, { type RequestHandler } from "express";
import fastify from "fastify";
import { Hono } from "hono";
import type { AuthInfo } from "../../../src/server/guard/auth-info.ts";
import { guardFastify } from "../../../src/server/fastify.ts";
import { guardFetch } from "../../../src/server/fetch/guard-fetch.ts";
import type { GuardOptions } from "../../../src/server/guard/guard-options.ts";
import { guardNode, type GuardedRequest } from "../../../src/server/node/guard-node.ts";
import type { Verifier } from "../../../src/server/verifier/verifier.ts";

/** A request and its response, in the same form for every adapter. */
export interface Sent {
  readonly method?: string;
  /** `/mcp`, or a path below it. */
  readonly path?: string;
  /** Instead of the server's address. */
  readonly host?: string;
  /** Alternating names and values, to allow the same header twice. */
  readonly headers?: readonly string[];
  readonly query?: string;
  readonly body?: string | Buffer;
}
export interface Got {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  /** The caller that the handler behind the guard saw; null if it was not called, or without a caller. */
  readonly auth: AuthInfo | null;
  /** The body that the handler saw; null if it was not called. */
  readonly received: string | null;
}

/** The response of the server behind the guard. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly chunks?: readonly string[];
}
export type Behind = () => Reply;

/** A server with a guard under test. */
export interface Adapter {
  ask(sent: Sent): Promise<Got>;
  close(): Promise<void>;
}

type OpenAdapter = (verifier: Verifier, options: GuardOptions, behind?: Behind) => Promise<Adapter>;

/** All guards, which must answer alike. */
export const adapters: Record<string, OpenAdapter> = {
  fetch: async (verifier, options, behind = NOTHING) => {
    const guard = guardFetch(verifier, options);
    return overFetch(async (request, see) => {
      const entry = await guard(request);
      if (!entry.ok) return entry.response;
      see(entry.auth, await entry.request.text());
      return entry.finish(toResponse(behind()));
    });
  },
  hono: async (verifier, options, behind = NOTHING) => {
    const guard = guardFetch(verifier, options);
    return overFetch(async (request, see) => {
      const app = new Hono();
      app.all("*", (c) =>
        guard(c.req.raw, async (guarded, auth) => {
          see(auth, await guarded.text());
          return toResponse(behind());
        }),
      );
      return app.request(request);
    });
  },
  "node:http": async (verifier, options, behind = NOTHING) => {
    const guard = guardNode(verifier, options);
    return overHttp((see) =>
      createServer((request, response) =>
        guard(request, response, async () => {
          see((request as GuardedRequest).auth, await text(request));
          reply(response, behind());
        }),
      ),
    );
  },
  express: (verifier, options, behind) => overExpress(verifier, options, behind, { after: express.json() }),
  fastify: async (verifier, options, behind = NOTHING) => {
    const app = fastify();
    await app.register(guardFastify, { verifier, ...options });
    return overHttp((see) => {
      void app.all("/*", (request, response) => {
        see((request.raw as GuardedRequest).auth, asText(request.body));
        void response.hijack();
        reply(response.raw, behind());
      });
      return app.server;
    }, app.ready.bind(app));
  },
};

/** The same guards with a body parser in front, or with none at all. */
export const readers: Record<string, OpenAdapter> = {
  "express with json() before": (verifier, options, behind) =>
    overExpress(verifier, options, behind, { before: express.json() }),
  "express with raw() before": (verifier, options, behind) =>
    overExpress(verifier, options, behind, { before: express.raw({ type: "application/json" }) }),
  "express 4, whose parsers leave {} behind": (verifier, options, behind) =>
    overExpress(verifier, options, behind, {
      before: (request, _response, next) => {
        request.body = {};
        next();
      },
      after: express.text({ type: "*/*" }),
    }),
  "fastify that parses nothing": async (verifier, options, behind = NOTHING) => {
    const app = fastify();
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, _payload, done) => done(null));
    await app.register(guardFastify, { verifier, ...options });
    return overHttp((see) => {
      void app.all("/*", async (request, response) => {
        see((request.raw as GuardedRequest).auth, await text(request.raw));
        void response.hijack();
        reply(response.raw, behind());
      });
      return app.server;
    }, app.ready.bind(app));
  },
};

const NOTHING: Behind = () => ({});

type See = (auth: AuthInfo | undefined, received: string) => void;

function overExpress(
  verifier: Verifier,
  options: GuardOptions,
  behind: Behind = NOTHING,
  { before, after }: { before?: RequestHandler; after?: RequestHandler },
): Promise<Adapter> {
  const pass: RequestHandler = (_request, _response, next) => next();
  return overHttp((see) => {
    const app = express();
    app.use("/mcp", before ?? pass, guardNode(verifier, options), after ?? pass, (request, response) => {
      see((request as unknown as GuardedRequest).auth, asText(request.body));
      reply(response, behind());
    });
    return createServer(app as RequestListener);
  });
}

async function overFetch(serve: (request: Request, see: See) => Promise<Response>): Promise<Adapter> {
  return {
    async ask({ method = "GET", path = "/mcp", host = "127.0.0.1", headers = [], query = "", body }) {
      const sent = new Headers();
      for (let i = 0; i < headers.length; i += 2) sent.append(headers[i]!, headers[i + 1]!);
      const init = { method, headers: sent, ...(body !== undefined && { body }) };
      const seen: Pick<Got, "auth" | "received"> = { auth: null, received: null };
      const response = await serve(new Request(`http://${host}${path}${query}`, init), (auth, received) => {
        Object.assign(seen, { auth: auth ?? null, received });
      });
      const { status, headers: answered } = response;
      return { status, headers: Object.fromEntries(answered), body: await response.text(), ...seen };
    },
    close: async () => {},
  };
}

async function overHttp(open: (see: See) => Server, ready?: () => PromiseLike<unknown>): Promise<Adapter> {
  let seen: Pick<Got, "auth" | "received"> = { auth: null, received: null };
  const server = open((auth, received) => (seen = { auth: auth ?? null, received }));
  await ready?.();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    async ask({ method = "GET", path = "/mcp", host = `127.0.0.1:${port}`, headers = [], query = "", body }) {
      seen = { auth: null, received: null };
      const length =
        body === undefined && method !== "POST" ? [] : ["Content-Length", String(Buffer.byteLength(body ?? ""))];
      const all = ["Host", host, ...length, ...headers];
      const request = send({ host: "127.0.0.1", port, path: path + query, method, headers: all, agent: false });
      // A refusal may arrive before everything was sent.
      request.on("error", () => undefined);
      request.end(body);
      const [response] = (await once(request, "response")) as [IncomingMessage];
      const { date: _date, connection: _connection, ...rest } = response.headers as Record<string, string>;
      return { status: response.statusCode!, headers: rest, body: String(await buffer(response)), ...seen };
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function reply(response: ServerResponse, { status = 200, headers = {}, chunks = [] }: Reply): void {
  response.writeHead(status, headers);
  for (const chunk of chunks) response.write(chunk);
  response.end();
}

function toResponse({ status = 200, headers = {}, chunks = [] }: Reply): Response {
  const body = new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
  return new Response(status === 204 ? null : body, { status, headers });
}

function asText(body: unknown): string {
  if (body === undefined || body === null) return "";
  return typeof body === "string" || Buffer.isBuffer(body) ? String(body) : JSON.stringify(body);
}
