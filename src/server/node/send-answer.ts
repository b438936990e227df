import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer } from "../guard/answer.ts";

/** Bytes of a request body that are read and thrown away, so that the connection stays usable after a refusal. */
const BODY_LIMIT = 65_536;
/** Milliseconds for which a longer one is, so that the client can read its answer. */
const LINGER = 1_000;

/** Answers a request, whether or not its body was read. */
export function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: Answer,
): void {
  if (response.headersSent || response.destroyed) return;
  const length = status === 204 ? {} : { "content-length": Buffer.byteLength(body) };
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

/** Whether more may come than is worth reading. HTTP/2 ends a stream without its connection. */
export function holdsLargeBody({ headers, httpVersionMajor, complete }: IncomingMessage): boolean {
  if (httpVersionMajor > 1 || complete) return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > BODY_LIMIT;
}
