import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that a server received, without its body. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

/** A server on a free port of 127.0.0.1. */
export interface Running {
  /** `http://127.0.0.1:<port>` and the path it was started with. */
  readonly url: string;
  readonly seen: readonly Seen[];
  /** Also closes open connections. Can be called twice. */
  close(): Promise<void>;
}

/** Starts a plain HTTP server and records its requests. */
export function listen(handler: RequestListener, path = "/mcp"): Promise<Running> {
  return listenOn(createServer(handler), path);
}

/** Does the same as {@link listen} with an existing server, for example from `node:https`. */
export async function listenOn(server: Server, path = "/mcp", scheme = "http"): Promise<Running> {
  const seen: Seen[] = [];
  server.prependListener("request", ({ method = "", url = "", headers }: IncomingMessage) => {
    seen.push({ method, path: url, authorization: headers.authorization });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `${scheme}://127.0.0.1:${port}${path}`,
    seen,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
