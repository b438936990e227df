import { createServer, type ServerOptions } from "node:https";
import { createHttpRequest } from "../../../src/http/client.ts";
import type { HttpRequest } from "../../../src/http/http.ts";
import { createCertificate, type CertificateOptions } from "../../servers/certificate.ts";
import { listenOn, type Running } from "../../servers/listen.ts";
import { ServerBehavior, type Mistake } from "./configurable-server.ts";
import { TOKEN } from "../verify/verifying.ts";

/** A door behind TLS on 127.0.0.1, and the way to it for somebody who trusts its certificate. */
export interface SecureServer {
  readonly start: () => Promise<Running>;
  readonly request: HttpRequest;
}

/** A certificate of its own, for 127.0.0.1 and 20 days where nothing else is said. */
export function secureServer(
  certificate: Partial<CertificateOptions> = {},
  tls: ServerOptions = {},
  mistake: Mistake = {},
): SecureServer {
  const made = createCertificate({ host: "127.0.0.1", days: 20, ...certificate });
  const door = Object.assign(new ServerBehavior([TOKEN.reveal()]), mistake);
  return {
    request: createHttpRequest({ ca: made.cert }),
    start: () => {
      const server = createServer({ ...made, ...tls }, (request, response) => {
        door.handle(request, response).catch((error: unknown) => response.destroy(error as Error));
      });
      return listenOn(server, "/mcp", "https");
    },
  };
}
