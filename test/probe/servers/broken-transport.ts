import { createHttpRequest } from "../../../src/http/client.ts";
import type { HttpRequest } from "../../../src/http/http.ts";
import type { BrokenServer } from "./broken.ts";
import { ServerBehavior, startServer } from "./configurable-server.ts";
import { tlsServer } from "./tls-server.ts";
import { TOKEN } from "../verify/verifying.ts";

const OLD_TLS = { minVersion: "TLSv1", ciphers: "DEFAULT:@SECLEVEL=0" } as const;
const HOST = "mcp.example.com";

const untrusted = tlsServer();
const expired = tlsServer({ days: -1 });
const ofAnother = tlsServer({ host: "mcp.example.com" });
const expiring = tlsServer({ days: 5 });
const old = tlsServer({}, OLD_TLS);

/** Servers with a bad certificate, address or clock. */
export const BROKEN_TRANSPORT: readonly BrokenServer[] = [
  {
    mistake: "has a self-signed certificate",
    caught: ["tls-trusted"],
    start: untrusted.start,
    options: { request: createHttpRequest() },
  },
  {
    mistake: "has an expired certificate",
    caught: ["tls-trusted"],
    ...{ start: expired.start, options: { request: expired.request } },
  },
  {
    mistake: "has a certificate for another host",
    caught: ["tls-host-matches"],
    ...{ start: ofAnother.start, options: { request: ofAnother.request } },
  },
  {
    mistake: "has a certificate that expires in five days",
    caught: ["tls-not-expiring"],
    ...{ start: expiring.start, options: { request: expiring.request } },
  },
  {
    mistake: "still speaks TLS 1.0",
    caught: ["rejects-old-tls"],
    ...{ start: old.start, options: { request: old.request } },
  },
  {
    mistake: "is reached over plain http on another machine",
    caught: ["https-beyond-loopback"],
    start: () => startUnder(HOST),
    options: { request: resolving(HOST), allowHttp: true },
  },
  {
    mistake: "redirects to another host",
    caught: ["no-redirect-to-other-origin", "reachable"],
    make: () => ({
      handle(_request, response) {
        response.writeHead(308, { location: "https://elsewhere.example/mcp?from=here" }).end();
        return Promise.resolve();
      },
    }),
  },
  {
    mistake: "redirects to its URL with a trailing slash",
    caught: ["no-redirect", "reachable"],
    make: () => ({
      handle(request, response) {
        if (request.url === "/mcp/") return ServerBehavior.prototype.handle.call(this, request, response);
        response.writeHead(307, { location: "/mcp/" }).end();
        return Promise.resolve();
      },
    }),
  },
  {
    mistake: "has a clock that is five minutes slow",
    caught: ["clock-in-sync"],
    make: () => ({
      handle(request, response) {
        response.setHeader("date", new Date(Date.now() - 300_000).toUTCString());
        return ServerBehavior.prototype.handle.call(this, request, response);
      },
    }),
  },
];

/** Starts a server whose URL names another host. */
async function startUnder(host: string): ReturnType<typeof startServer> {
  const running = await startServer([TOKEN.reveal()]);
  return { ...running, url: running.url.replace("127.0.0.1", host) };
}

/** Resolves a name to 127.0.0.1. */
function resolving(host: string): HttpRequest {
  const request = createHttpRequest();
  return (init) => request({ ...init, url: new URL(init.url.href.replace(host, "127.0.0.1")) });
}
