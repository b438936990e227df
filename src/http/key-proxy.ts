import { timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, request as requestHttp, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { KeysError } from "../errors.ts";
import { destinationOf } from "./destination.ts";
import { explainError } from "./explain-error.ts";
import type { HttpHeaders } from "./http.ts";
import { createLocalLookup } from "./local-lookup.ts";
import { rewriteEndpoint } from "./rewrite-endpoint.ts";

export interface KeyProxyOptions {
  /** The server. Requests go to its origin only. */
  readonly url: URL;
  /** The header with the key. A function, because the options may be printed. */
  readonly headers: () => HttpHeaders;
  /** First part of the path. Who does not know it gets 404. */
  readonly secret: string;
  /** Certificates to trust instead of the default ones, as PEM. */
  readonly ca?: string;
  /** Called with each answer: method, status and, if the server did not answer, why. Contains no secret. */
  readonly onAnswer?: (method: string, status: number, fault?: string) => void;
}

/** A server on 127.0.0.1 that adds a key to every request and passes it on. */
export interface KeyProxy {
  /** Stands for the URL of the server. */
  readonly url: string;
  /** Also ends open requests. May be called again. */
  close(): Promise<void>;
}

/** Headers of one connection, not of the message. @see RFC 9110, section 7.6.1 */
const HOP_BY_HOP = new Set(
  "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade".split(
    " ",
  ),
);

/**
 * Starts a proxy for tools that cannot send a key. It follows no redirects, so the key stays at the origin of the URL. Requests of web
 * pages get 403: those with another `Origin`, and those with another `Host`, which DNS rebinding makes.
 */
export async function startKeyProxy(options: KeyProxyOptions): Promise<KeyProxy> {
  const { url, secret, onAnswer } = options;
  const send = await openSender(options);
  const prefix = `/${secret}`;
  let hosts: readonly string[] = [];

  const answer = (request: IncomingMessage, response: ServerResponse, status: number, text: string): void => {
    onAnswer?.(request.method ?? "", status, text);
    // The rest of the body is not read.
    response.writeHead(status, { "content-type": "text/plain", connection: "close" }).end(`mcp-keys: ${text}\n`);
  };
  const server = createServer((request, response) => {
    const { headers, url: path = "" } = request;
    if (!hosts.includes(headers.host ?? "")) return answer(request, response, 403, "unknown Host");
    if (headers.origin !== undefined && !hosts.some((host) => headers.origin === `http://${host}`))
      return answer(request, response, 403, "web pages may not use this proxy");
    if (!startsWith(path, prefix)) return answer(request, response, 404, "unknown path");
    send(request, response, path.slice(prefix.length), (status, fault) => {
      if (fault === undefined) onAnswer?.(request.method ?? "", status);
      else if (!response.headersSent) answer(request, response, status, fault);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  hosts = [`127.0.0.1:${String(port)}`, `localhost:${String(port)}`];
  return {
    url: `http://127.0.0.1:${String(port)}${prefix}${url.pathname}${url.search}`,
    close: () =>
      new Promise((resolve) => {
        // If it is closed already, that is no error.
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Send = (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  report: (status: number, fault?: string) => void,
) => void;

async function openSender({ url, headers, secret, ca }: KeyProxyOptions): Promise<Send> {
  // Loading TLS is expensive, so only for https.
  const open = url.protocol === "https:" ? (await import("node:https")).request : requestHttp;
  const destination = destinationOf(url, createLocalLookup());
  return (request, response, path, report) => {
    const outgoing = open({
      ...{ ...destination, method: request.method, path, agent: false, ca },
      headers: outgoingHeaders(request, { host: url.host, ...headers() }),
    });
    outgoing.on("response", (incoming) => {
      response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage, withoutHops(incoming.rawHeaders));
      // A stream may stay silent for long, but the client waits for its head.
      response.flushHeaders();
      report(incoming.statusCode ?? 502);
      incoming.on("error", () => response.destroy());
      rewriteEndpoint(incoming, { url, prefix: `/${secret}` }).pipe(response);
    });
    outgoing.on("upgrade", (_, socket) => socket.destroy());
    outgoing.on("error", (cause) => {
      const fault = explainError(cause, url);
      if (response.headersSent) response.destroy();
      else report(502, fault instanceof KeysError ? fault.message : "no answer");
    });
    response.on("close", () => outgoing.destroy());
    request.pipe(outgoing);
  };
}

/** Returns the headers of the client with the key instead of its own. A compressed stream could not be read for `endpoint`. */
function outgoingHeaders({ rawHeaders, headers }: IncomingMessage, own: HttpHeaders): string[] {
  const added = { "accept-encoding": "identity", ...own };
  const named = (headers.connection ?? "").split(",").map((name) => name.trim());
  // The server would not know the origin of the proxy.
  const replaced = [...Object.keys(added), "origin", ...named].map((name) => name.toLowerCase());
  const kept = pairsOf(withoutHops(rawHeaders)).filter(([name]) => !replaced.includes(name.toLowerCase()));
  // Without Content-Length the body needs chunks, which Node does not add to a list of headers.
  const chunks = headers["transfer-encoding"] === undefined ? [] : ["Transfer-Encoding", "chunked"];
  return [...Object.entries(added).flat(2), ...kept.flat(), ...chunks];
}

function withoutHops(rawHeaders: readonly string[]): string[] {
  return pairsOf(rawHeaders)
    .filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()))
    .flat();
}

function pairsOf(rawHeaders: readonly string[]): [name: string, value: string][] {
  return rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? ""]] : []));
}

/** Compares in constant time. */
function startsWith(path: string, prefix: string): boolean {
  const start = Buffer.from(path.slice(0, prefix.length));
  const isEqual = start.length === prefix.length && timingSafeEqual(start, Buffer.from(prefix));
  return isEqual && path[prefix.length] === "/";
}
