import { once } from "node:events";
import { createServer, request as send, type IncomingMessage, type RequestListener, type Server } from "node:http";
import {
  connect as connect2,
  createServer as createServer2,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import type { ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import express, { type RequestHandler } from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { onTestFinished } from "vitest";
import { guardFastify } from "../../../src/server/fastify.ts";
import { guardFetch } from "../../../src/server/fetch/guard-fetch.ts";
import type { AuthInfo } from "../../../src/server/guard/auth-info.ts";
import type { GuardOptions } from "../../../src/server/guard/guard-options.ts";
import { guardNode, type GuardedRequest } from "../../../src/server/node/guard-node.ts";
import { guardUpgrade } from "../../../src/server/node/guard-upgrade.ts";
import type { Verifier } from "../../../src/server/verifier/verifier.ts";

/** A stream as its client sees it. */
export interface ClientStream {
  readonly status: number;
  /** What has arrived so far. */
  text(): string;
  isOpen(): boolean;
  /** Leaves. */
  close(): void;
}

/** A server whose streams never end on their own. */
export interface StreamServer {
  /** Opens a stream, and returns when its first event has arrived. */
  open(token: string): Promise<ClientStream>;
  /** The streams that are open at the server, as `name version`. */
  readonly streams: ReadonlySet<string>;
}

type Streams = Set<string>;
type Start = (verifier: Verifier, options: GuardOptions, streams: Streams) => Promise<Server | Http2Server>;

const HEAD = { "content-type": "text/event-stream" };
const HELLO = "data: hello\n\n";

const labelOf = ({ extra }: AuthInfo): string => `${extra.keyName} ${String(extra.version)}`;

/** Streams to the client until the response closes. */
function streamTo(response: ServerResponse, auth: AuthInfo, streams: Streams): void {
  streams.add(labelOf(auth));
  response.on("close", () => streams.delete(labelOf(auth)));
  response.writeHead(200, HEAD);
  response.write(HELLO);
}

/** The same as a body, until it is cancelled. */
function createBody(auth: AuthInfo, streams: Streams): ReadableStream<Uint8Array> {
  streams.add(labelOf(auth));
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(HELLO)),
    cancel: () => void streams.delete(labelOf(auth)),
  });
}

const overHttp1: Readonly<Record<string, Start>> = {
  "node:http": async (verifier, options, streams) => {
    const guard = guardNode(verifier, options);
    return createServer((request, response) =>
      guard(request, response, () => streamTo(response, (request as GuardedRequest).auth, streams)),
    );
  },
  express: async (verifier, options, streams) => {
    const handle: RequestHandler = (request, response) =>
      streamTo(response, (request as unknown as GuardedRequest).auth, streams);
    return createServer(express().use(guardNode(verifier, options) as RequestHandler, handle) as RequestListener);
  },
  "fastify, with a hijacked reply": async (verifier, options, streams) => {
    const app = fastify();
    await app.register(guardFastify, { verifier, ...options });
    app.all("/*", (request, reply) => {
      void reply.hijack();
      streamTo(reply.raw, (request.raw as GuardedRequest).auth, streams);
    });
    await app.ready();
    return app.server;
  },
  "fastify, with a stream as reply": async (verifier, options, streams) => {
    const app = fastify();
    await app.register(guardFastify, { verifier, ...options });
    app.all("/*", (request, reply) => {
      const label = labelOf((request.raw as GuardedRequest).auth);
      streams.add(label);
      const body = new Readable({ read: () => undefined });
      body.on("close", () => streams.delete(label));
      body.push(HELLO);
      return reply.headers(HEAD).send(body);
    });
    await app.ready();
    return app.server;
  },
  hono: async (verifier, options, streams) => {
    const guard = guardFetch(verifier, options);
    const app = new Hono().all("*", (c) =>
      guard(c.req.raw, (_, auth) => new Response(createBody(auth!, streams), { headers: HEAD })),
    );
    const listener = getRequestListener(app.fetch);
    return createServer((request, response) => void listener(request, response));
  },
  upgrade: async (verifier, options, streams) => {
    const guard = guardUpgrade(
      verifier,
      (request, socket) => {
        streams.add(labelOf(request.auth));
        socket.on("close", () => streams.delete(labelOf(request.auth)));
        socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n${HELLO}`);
      },
      options,
    );
    return createServer().on("upgrade", guard);
  },
};

const overHttp2: Start = async (verifier, options, streams) => {
  const guard = guardNode(verifier, options) as unknown as Http2Guard;
  return createServer2((request, response) =>
    guard(request, response, () =>
      streamTo(response as unknown as ServerResponse, (request as unknown as GuardedRequest).auth, streams),
    ),
  );
};
type Http2Guard = (request: Http2ServerRequest, response: Http2ServerResponse, next: () => void) => void;

export const STREAM_SERVERS = [...Object.keys(overHttp1), "http2"];

export async function startStreams(
  name: string,
  verifier: Verifier,
  options: GuardOptions = {},
): Promise<StreamServer> {
  const streams: Streams = new Set();
  const server = await (overHttp1[name] ?? overHttp2)(verifier, options, streams);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    if ("closeAllConnections" in server) server.closeAllConnections();
    server.close();
  });
  if (name !== "http2") return { streams, open: (token) => openHttp1(port, token, name === "upgrade") };
  const session = connect2(`http://127.0.0.1:${String(port)}`);
  onTestFinished(() => session.destroy());
  return {
    streams,
    async open(token) {
      // All over one connection, which has to survive.
      const stream = session.request({ ":path": "/mcp", authorization: `Bearer ${token}` });
      const [head] = (await once(stream, "response")) as [{ ":status": number }];
      return watch(stream, head[":status"], () => stream.close());
    },
  };
}

async function openHttp1(port: number, token: string, isUpgrade: boolean): Promise<ClientStream> {
  const headers = { authorization: `Bearer ${token}`, ...(isUpgrade && { connection: "upgrade", upgrade: "echo" }) };
  const request = send({ host: "127.0.0.1", port, path: "/mcp", headers, agent: false }).end();
  const [response, socket, head] = (await Promise.race([once(request, "response"), once(request, "upgrade")])) as [
    ...[response: IncomingMessage, socket?: Readable, head?: Buffer],
  ];
  if (socket !== undefined && head !== undefined && head.length > 0) socket.unshift(head);
  return watch(socket ?? response, response.statusCode ?? 0, () => request.destroy());
}

async function watch(body: Readable, status: number, close: () => void): Promise<ClientStream> {
  let text = "";
  let isOpen = true;
  body.on("data", (chunk: Buffer) => (text += chunk.toString()));
  body.on("error", () => undefined);
  body.on("close", () => (isOpen = false));
  if (status === 200 || status === 101) await once(body, "data");
  return { status, text: () => text, isOpen: () => isOpen, close };
}
