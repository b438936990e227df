import { randomBytes } from "node:crypto";
import { createServer } from "node:https";
import { createHttpRequest } from "../../../src/http/client.ts";
import type { HttpRequest } from "../../../src/http/http.ts";
import { createCertificate } from "../../servers/certificate.ts";
import { listenOn } from "../../servers/listen.ts";
import { answerMcp, notFound, readKey, refuse, settle, type Answer, type Make, type MadeServer } from "./make.ts";
import { isSame } from "./opaque.ts";

const HOST = "mcp.example";

/** Servers beyond this machine, as the probe sees them. They have a public name and do not look at `Host` or `Origin`. */
export const REMOTE_MAKES: readonly Make[] = [
  {
    name: "on a public host that takes only keys, from pages of any origin",
    grade: "A",
    deserves: { "rejects-foreign-origin": "the specification asks for it, although a page has no key to send" },
    start: (open) => startRemote(open, (_, response, key) => refuse(response, key)),
  },
  {
    name: "on a public host that publishes OAuth metadata",
    start: (open) =>
      startRemote(
        open,
        (_, response, key) => {
          const error = key === null ? "" : ', error="invalid_token"';
          const metadata = `https://${HOST}${METADATA}`;
          response.writeHead(401, { "www-authenticate": `Bearer resource_metadata="${metadata}"${error}` }).end();
        },
        (request, response) => {
          if (request.headers.origin !== undefined) return response.writeHead(403).end();
          if (request.url !== METADATA) return notFound(request, response);
          const document = { resource: `https://${HOST}/mcp`, authorization_servers: ["https://login.example"] };
          return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(document));
        },
      ),
  },
];

const METADATA = "/.well-known/oauth-protected-resource/mcp";

type Refuse = (...parameters: [...Parameters<Answer>, key: string | null]) => unknown;

/** @param first - Answers other paths, and requests with an origin. Without it, all origins are welcome. */
async function startRemote(open: boolean, refuseKey: Refuse, first?: Answer): Promise<MadeServer> {
  const key = `mcp-${randomBytes(24).toString("hex")}`;
  const mcp = answerMcp();
  const made = createCertificate({ host: HOST, others: ["127.0.0.1"], days: 20 });
  const answer: Answer = (request, response) => {
    const elsewhere = (request.url ?? "").split("?")[0] !== "/mcp";
    if (elsewhere || (first !== undefined && request.headers.origin !== undefined)) {
      return (first ?? notFound)(request, response);
    }
    const sent = readKey(request);
    return open || isSame(sent ?? "", key) ? mcp(request, response) : refuseKey(request, response, sent);
  };
  const { url, close } = await listenOn(createServer(made, settle(answer)), "/mcp", "https");
  return { url: `https://${HOST}/mcp`, key, request: connectTo(new URL(url), made.cert), close };
}

/** Sends the requests for the public name to a server on this machine. */
function connectTo({ host }: URL, ca: string): HttpRequest {
  const request = createHttpRequest({ ca });
  return (init) => {
    const url = new URL(init.url);
    url.host = host;
    return request({ ...init, url, headers: { host: HOST, ...init.headers } });
  };
}
