import { createHttpRequest } from "../../../src/http/client.ts";
import type { HttpRequest } from "../../../src/http/http.ts";
import type { Broken } from "./broken.ts";
import { ServerBehavior, startServer } from "./configurable-server.ts";
import { secureServer } from "./secure.ts";
import { TOKEN } from "../verify/verifying.ts";

const OLD_TLS = { minVersion: "TLSv1", ciphers: "DEFAULT:@SECLEVEL=0" } as const;
const HOST = "mcp.example.com";

const untrusted = secureServer();
const expired = secureServer({ days: -1 });
const ofAnother = secureServer({ host: "mcp.example.com" });
const expiring = secureServer({ days: 5 });
const old = secureServer({}, OLD_TLS);

/** Servers that are reached in a bad way. */
export const BROKEN_TRANSPORT: readonly Broken[] = [
  {
    mistake: "has a certificate that nobody has signed",
    caught: ["tls-trusted"],
    start: untrusted.start,
    options: { request: createHttpRequest() },
  },
  {
    mistake: "has a certificate that has expired",
    caught: ["tls-trusted"],
    ...{ start: expired.start, options: { request: expired.request } },
  },
  {
    mistake: "has the certificate of another host",
    caught: ["tls-host-matches"],
    ...{ start: ofAnother.start, options: { request: ofAnother.request } },
  },
  {
    mistake: "has a certificate that ends in five days",
    caught: ["tls-not-expiring"],
    ...{ start: expiring.start, options: { request: expiring.request } },
  },
  {
    mistake: "still speaks TLS 1.0",
    caught: ["rejects-old-tls"],
    ...{ start: old.start, options: { request: old.request } },
  },
  {
    mistake: "is reached over http from beyond this machine",
    caught: ["https-beyond-loopback"],
    start: () => startAs(HOST),
    options: { request: under(HOST), allowHttp: true },
  },
  {
    mistake: "sends everybody on to another host",
    caught: ["no-redirect-to-other-origin", "reachable"],
    make: () => ({
      handle(_request, response) {
        response.writeHead(308, { location: "https://elsewhere.example/mcp?from=here" }).end();
        return Promise.resolve();
      },
    }),
  },
  {
    mistake: "sends on from its address to the one with a slash",
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
    mistake: "has a clock that is five minutes behind",
    caught: ["clock-in-sync"],
    make: () => ({
      handle(request, response) {
        response.setHeader("date", new Date(Date.now() - 300_000).toUTCString());
        return ServerBehavior.prototype.handle.call(this, request, response);
      },
    }),
  },
];

/** A door on this machine by a name that does not say so. */
async function startAs(host: string): ReturnType<typeof startServer> {
  const running = await startServer([TOKEN.reveal()]);
  return { ...running, url: running.url.replace("127.0.0.1", host) };
}

/** Looks a name up as 127.0.0.1. */
function under(host: string): HttpRequest {
  const request = createHttpRequest();
  return (init) => request({ ...init, url: new URL(init.url.href.replace(host, "127.0.0.1")) });
}
