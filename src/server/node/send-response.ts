import type { IncomingMessage, ServerResponse } from "node:http";
import type { GuardResponse } from "../guard/guard-response.ts";
import { mergeHeader } from "../guard/merge-header.ts";
import { isCut, listHeaders } from "./raw-headers.ts";

/** Bytes of a request body that Node discards to keep the connection usable after a refusal. */
const DISCARD_LIMIT = 65_536;
/** Milliseconds to keep reading a longer body, to give the client time to read the response. */
const LINGER = 1_000;

/** Sends a response, whether or not the body of the request was read. */
export function sendResponse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers: own, body }: GuardResponse,
): void {
  if (isAnswered(response)) return;
  const headers = mergeVary(response, own);
  const length = status === 204 ? {} : { "content-length": Buffer.byteLength(body) };
  // With `rejectNonStandardBodyWrites`, Node throws for a body in the response to HEAD.
  const content = request.method === "HEAD" ? "" : body;
  if (!hasLargeBody(request)) {
    response.writeHead(status, { ...headers, ...length });
    response.end(content);
    return;
  }
  response.writeHead(status, { ...headers, ...length, connection: "close" });
  if (content === "") response.flushHeaders();
  else response.write(content);
  linger(request, response);
}

/** Keeps what a middleware before the guard has put into `Vary`. */
function mergeVary(response: ServerResponse, { vary, ...others }: GuardResponse["headers"]): GuardResponse["headers"] {
  const before = response.getHeader("vary");
  return vary === undefined
    ? others
    : { ...others, vary: mergeHeader("vary", before === undefined ? null : String(before), vary) };
}

/**
 * Closes a connection on which the client is still sending. Closing it at once would reset it, and the client would get a
 * broken pipe instead of the response. So the guard discards what arrives for a moment, to let the client read and stop.
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

/** Tests whether the head of a response was sent, or can no longer be sent. A response that was ended has sent its head. */
export function isAnswered(response: ServerResponse): boolean {
  return response.headersSent || response.destroyed;
}

/** Tests whether the rest of the body may be too long to discard. HTTP/2 can end a stream and keep its connection. */
export function hasLargeBody(request: IncomingMessage): boolean {
  const { headers, httpVersionMajor, complete } = request;
  if (httpVersionMajor > 1 || complete) return false;
  // The header that announces the body may be one of those that Node dropped.
  if (isCut(request, listHeaders(request).length)) return true;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > DISCARD_LIMIT;
}
