import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What a server was asked, without the body. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

/** A server on 127.0.0.1 at a free port. */
export interface Running {
  /** `http://127.0.0.1:<port>` and the path it was started with. */
  readonly url: string;
  readonly seen: readonly Seen[];
  /** Also breaks off what is still open. Twice is allowed. */
  close(): Promise<void>;
}

/** Starts a plain HTTP server and notes what it is asked. */
export function listen(handler: RequestListener, path = "/mcp"): Promise<Running> {
  return listenOn(createServer(handler), path);
}

/** The same for a server already made, of `node:https` say. */
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
