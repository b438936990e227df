import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { GuardResponse } from "../guard/guard-response.ts";

/** Milliseconds to wait for the client to close the connection, to give it time to read the response. */
const LINGER = 1_000;

/** Not taken from Node: importing its HTTP module would keep `guardFetch` from other runtimes. */
const REASONS: Readonly<Record<GuardResponse["status"], string>> = {
  204: "No Content",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** Answers a request that Node handed over as a bare connection, and closes the connection. */
export function refuseUpgrade(
  { method }: IncomingMessage,
  socket: Duplex,
  { status, headers, body }: GuardResponse,
): void {
  const length = status === 204 ? {} : { "content-length": Buffer.byteLength(body) };
  const all = Object.entries({ ...headers, ...length, connection: "close" });
  const head = [`HTTP/1.1 ${status} ${REASONS[status]}`, ...all.map(([name, value]) => `${name}: ${value}`), "", ""];
  socket.end(head.join("\r\n") + (method === "HEAD" ? "" : body));
  // Data left unread would reset the connection before the client has read the response.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
}
