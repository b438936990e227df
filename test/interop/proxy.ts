import { once } from "node:events";
import { createServer, request as send, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Proxy {
  readonly url: string;
  /** Returns how many requests were forwarded. */
  readonly passed: () => number;
  close(): Promise<void>;
}

/**
 * Starts a proxy on 127.0.0.1 that adds `Authorization: Bearer <token>` and changes nothing else. It preserves the case, order and
 * repetition of headers and the `Host` of the client, and forwards streams as they arrive.
 */
export async function startProxy(target: string, token: string): Promise<Proxy> {
  const { port, pathname } = new URL(target);
  let passed = 0;
  const server = createServer((request, response) => {
    passed++;
    forward(request, response, { port, headers: ["Authorization", `Bearer ${token}`] });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    passed: () => passed,
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function forward(request: IncomingMessage, response: ServerResponse, to: { port: string; headers: string[] }): void {
  const outgoing = send({
    ...{ host: "127.0.0.1", port: to.port, method: request.method, path: request.url, agent: false },
    headers: [...request.rawHeaders, ...to.headers],
  });
  outgoing.on("response", (incoming) => {
    response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage, incoming.rawHeaders);
    // A stream may stay silent for long, but the client waits for its headers.
    response.flushHeaders();
    incoming.pipe(response);
    incoming.on("error", () => response.destroy());
  });
  outgoing.on("error", () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
  });
  response.on("close", () => outgoing.destroy());
  request.pipe(outgoing);
}
