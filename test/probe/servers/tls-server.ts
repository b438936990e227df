import { createServer, type ServerOptions } from "node:https";
import { createHttpRequest } from "../../../src/http/client.ts";
import type { HttpRequest } from "../../../src/http/http.ts";
import { createCertificate, type CertificateOptions } from "../../servers/certificate.ts";
import { listenOn, type Running } from "../../servers/listen.ts";
import { ServerBehavior, type Mistake } from "./configurable-server.ts";
import { TOKEN } from "../verify/verifying.ts";

/** A server behind TLS on 127.0.0.1, and a client that trusts its certificate. */
export interface TlsServer {
  readonly start: () => Promise<Running>;
  readonly request: HttpRequest;
}

/** Creates a TLS server with its own certificate, by default for 127.0.0.1 and 20 days. */
export function tlsServer(
  certificate: Partial<CertificateOptions> = {},
  tls: ServerOptions = {},
  mistake: Mistake = {},
): TlsServer {
  const made = createCertificate({ host: "127.0.0.1", days: 20, ...certificate });
  const behavior = Object.assign(new ServerBehavior([TOKEN.reveal()]), mistake);
  return {
    request: createHttpRequest({ ca: made.cert }),
    start: () => {
      const server = createServer({ ...made, ...tls }, (request, response) => {
        behavior.handle(request, response).catch((error: unknown) => response.destroy(error as Error));
      });
      return listenOn(server, "/mcp", "https");
    },
  };
}
