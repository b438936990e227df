import type { Errand } from "./errand.ts";
import { INITIALIZED, initialize, LEGACY_VERSION, request } from "./era-legacy.ts";
import { MODERN_VERSION, modernParams } from "./era-modern.ts";
import type { Client, Message } from "./wire.ts";
import type { Era } from "./verification.ts";

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

/** Every message and method by which a client may come in an era, each outside a session. */
export function errandsIn(era: Era, client: Client): Errand[] {
  if (era === "sse") return [STREAM, HEAD];
  if (era === "modern") {
    const asked = ["server/discover", "tools/list"].map((method) => askModern(method, client));
    return [...asked, callModern(NO_TOOL, client), STREAM, HEAD];
  }
  const asked = [initialize(client, LEGACY_VERSION), request("tools/list"), request("ping")].map(askLegacy);
  return [...asked, callLegacy(NO_TOOL), askLegacy(INITIALIZED), BATCH, STREAM, HEAD, DELETE];
}

/** A request of the era without handshakes. */
export function askModern(method: string, client: Client): Errand {
  return modern({ id: `mcp-keys:${method}`, method, params: modernParams(client) });
}

/** A call without arguments. */
export function callModern(tool: string, client: Client): Errand {
  const params = { name: tool, arguments: {}, ...modernParams(client) };
  return modern({ id: "mcp-keys:tools/call", method: "tools/call", params }, { "mcp-name": tool });
}

/** A message of the eras with a handshake, sent without one; with the headers of a session it goes on in that. */
export function askLegacy(message: Message): Errand {
  return { ...post(message), mark: `legacy ${message.method}` };
}

/** A call without arguments. */
export function callLegacy(tool: string): Errand {
  const params = { name: tool, arguments: {} };
  return askLegacy({ id: "mcp-keys:tools/call", method: "tools/call", params });
}

/** The revision of 2025-03-26 allowed lists of messages; a guard that looks for the method of the body finds none. */
export const BATCH: Errand = {
  ...post(request("tools/list")),
  ...{ name: "a batch", mark: "legacy batch" },
  body: JSON.stringify(["tools/list", "ping"].map((method) => ({ jsonrpc: "2.0", ...request(method) }))),
};

/** The same errand at another path, as it stands. */
export function at(path: string, errand: Errand): Errand {
  return { ...errand, path, name: `${errand.name} at ${path}`, mark: `${errand.mark} ${path}` };
}

/** The same errand with more headers; `mark` tells it from those without. */
export function withHeaders(headers: NonNullable<Errand["headers"]>, mark: string, errand: Errand): Errand {
  return { ...errand, headers: { ...errand.headers, ...headers }, mark: `${errand.mark} ${mark}` };
}

function modern(message: Message, headers: Errand["headers"] = {}): Errand {
  const errand = post(message);
  const named = { "mcp-protocol-version": MODERN_VERSION, "mcp-method": message.method };
  return { ...errand, headers: { ...errand.headers, ...named, ...headers }, mark: `modern ${message.method}` };
}

function post(message: Message): Errand {
  const { id, method } = message;
  const body = JSON.stringify({ jsonrpc: "2.0", ...message });
  return { name: method, mark: method, method: "POST", headers: POST, body, id, gives: giftOf(method) };
}

function giftOf(method: string): Errand["gives"] {
  if (method.startsWith("notifications/")) return "nothing";
  return method.endsWith("/list") || method === "tools/call" ? "goods" : "greeting";
}
