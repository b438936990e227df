import type { Errand } from "./planned-request.ts";
import { request } from "./era-legacy.ts";
import { MODERN_VERSION, modernParams } from "./era-modern.ts";
import type { Client, Message } from "./wire.ts";

const POST = { "content-type": "application/json", accept: "application/json, text/event-stream" };
/** No server has it, so that a call of it changes nothing. */
export const NO_TOOL = "mcp-keys-no-such-tool";

/** Opens the stream of a session, and that of HTTP+SSE. */
export const STREAM: Errand = {
  ...{ name: "GET", mark: "GET", method: "GET", gives: "stream" },
  headers: { accept: "text/event-stream" },
};
export const HEAD: Errand = { name: "HEAD", mark: "HEAD", method: "HEAD", gives: "nothing" };
export const DELETE: Errand = { name: "DELETE", mark: "DELETE", method: "DELETE", gives: "nothing" };

/** A request of the era without handshakes. */
export function askModern(method: string, client: Client): Errand {
  const errand = post({ id: `mcp-keys:${method}`, method, params: modernParams(client) });
  const named = { "mcp-protocol-version": MODERN_VERSION, "mcp-method": method };
  return { ...errand, headers: { ...errand.headers, ...named }, mark: `modern ${method}` };
}

/** A message of the eras with a handshake, sent without one; with the headers of a session it goes on in that. */
export function askLegacy(message: Message): Errand {
  return { ...post(message), mark: `legacy ${message.method}` };
}

/** The revision of 2025-03-26 allowed lists of messages; a guard that looks for the method of the body finds none. */
export const BATCH: Errand = {
  ...post(request("tools/list")),
  ...{ name: "a list of messages", mark: "legacy batch" },
  body: JSON.stringify(["tools/list", "ping"].map((method) => ({ jsonrpc: "2.0", ...request(method) }))),
};

/** The same errand with more headers; `mark` tells it from those without. */
export function withHeaders(headers: NonNullable<Errand["headers"]>, mark: string, errand: Errand): Errand {
  return { ...errand, headers: { ...errand.headers, ...headers }, mark: `${errand.mark} ${mark}` };
}

function post(message: Message): Errand {
  const { id, method } = message;
  const body = JSON.stringify({ jsonrpc: "2.0", ...message });
  return { name: method, mark: method, method: "POST", headers: POST, body, id, gives: giftOf(method) };
}

function giftOf(method: string): Errand["gives"] {
  if (method.startsWith("notifications/")) return "nothing";
  return method.endsWith("/list") ? "goods" : "greeting";
}
