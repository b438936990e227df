import type { IncomingMessage, ServerResponse } from "node:http";
import type { AuthInfo } from "./auth-info.ts";
import type { Answer } from "./challenge.ts";
import { createGuard, type Admission, type GuardOptions } from "./guard.ts";
import type { RequestView } from "./present.ts";
import type { Verifier } from "./verifier.ts";

/** A request that a guard let in. The MCP SDKs' transports read `auth` from it. */
export type GuardedRequest = IncomingMessage & { auth: AuthInfo };

/** Bytes of a request body that are read and thrown away, so that the connection stays usable after a refusal. */
const BODY_LIMIT = 65_536;
/** Milliseconds for which a longer one is, so that the client can read its answer. */
const LINGER = 1_000;

/**
 * A guard for `node:http`, Express and connect. Lets a request in by setting `request.auth` and calling `next`; answers
 * every other itself, before its body is read.
 * ```ts
 * app.use("/mcp", guardNode(verifier));
 * createServer((req, res) => guard(req, res, () => transport.handleRequest(req, res)));
 * ```
 * @throws `KeysError` `USAGE` when an option is unknown or makes no sense; the guard itself never throws
 */
export function guardNode(
  verifier: Verifier,
  options: GuardOptions = {},
): (request: IncomingMessage, response: ServerResponse, next: () => unknown) => void {
  const guard = createGuard(verifier, options);
  return (request, response, next) => {
    const settle = (admission: Admission): void => {
      if (!admission.ok) {
        send(request, response, admission.answer);
        return;
      }
      (request as GuardedRequest).auth = admission.auth;
      next();
    };
    const admission = guard.admit(viewOf(request, guard.apiKeyHeader));
    if (admission instanceof Promise) void admission.then(settle);
    else settle(admission);
  };
}

/** From the raw headers: in `request.headers` a second `Authorization` has been dropped without a word. */
function viewOf({ rawHeaders, url = "" }: IncomingMessage, apiKeyHeader: string): RequestView {
  const bare = apiKeyHeader || "x-api-key";
  let authorization: string | null = null;
  let apiKey: string | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? "";
    if (name.length === 13 && name.toLowerCase() === "authorization")
      authorization = join(authorization, rawHeaders[i + 1]);
    else if (name.length === bare.length && name.toLowerCase() === bare) apiKey = join(apiKey, rawHeaders[i + 1]);
  }
  const mark = url.indexOf("?");
  return { authorization, apiKey, query: mark < 0 ? "" : url.slice(mark + 1) };
}

function join(before: string | null, value = ""): string {
  return before === null ? value : `${before}, ${value}`;
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const length = { "content-length": Buffer.byteLength(body) };
  if (!holdsLargeBody(request)) {
    response.writeHead(status, { ...headers, ...length });
    response.end(body);
    return;
  }
  response.writeHead(status, { ...headers, ...length, connection: "close" });
  response.write(body);
  linger(request, response);
}

/**
 * Closes a connection on which the client is still sending. Closed at once, it would be reset, and the client would see a
 * broken pipe in place of the answer; so what comes is thrown away for a moment, in which a client reads and stops.
 */
function linger(request: IncomingMessage, response: ServerResponse): void {
  const timer = setTimeout(() => response.end(), LINGER);
  timer.unref();
  request.once("close", () => {
    clearTimeout(timer);
    response.end();
  });
  request.resume();
}

/** HTTP/2 ends a stream without its connection. */
function holdsLargeBody({ headers, httpVersionMajor }: IncomingMessage): boolean {
  if (httpVersionMajor > 1) return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > BODY_LIMIT;
}
