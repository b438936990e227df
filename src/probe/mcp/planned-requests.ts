import type { PlannedRequest } from "./planned-request.ts";
import { rpcRequest } from "./era-legacy.ts";
import { MODERN_VERSION, modernParams } from "./era-modern.ts";
import type { ClientInfo, RpcMessage } from "./wire.ts";

const POST = { "content-type": "application/json", accept: "application/json, text/event-stream" };
/** No server has it, so that a call of it changes nothing. */
export const MISSING_TOOL = "mcp-keys-no-such-tool";

/** Opens the stream of a session, and that of HTTP+SSE. */
export const STREAM: PlannedRequest = {
  ...{ name: "GET", cacheKey: "GET", method: "GET", grants: "stream" },
  headers: { accept: "text/event-stream" },
};
export const HEAD: PlannedRequest = { name: "HEAD", cacheKey: "HEAD", method: "HEAD", grants: "nothing" };
export const DELETE: PlannedRequest = { name: "DELETE", cacheKey: "DELETE", method: "DELETE", grants: "nothing" };

/** A request of the era without handshakes. */
export function modernRequest(method: string, client: ClientInfo): PlannedRequest {
  const planned = post({ id: `mcp-keys:${method}`, method, params: modernParams(client) });
  const named = { "mcp-protocol-version": MODERN_VERSION, "mcp-method": method };
  return { ...planned, headers: { ...planned.headers, ...named }, cacheKey: `modern ${method}` };
}

/** A message of the eras with a handshake, sent without one; with the headers of a session it goes on in that. */
export function legacyRequest(message: RpcMessage): PlannedRequest {
  return { ...post(message), cacheKey: `legacy ${message.method}` };
}

/** The revision of 2025-03-26 allowed lists of messages; a guard that looks for the method of the body finds none. */
export const BATCH: PlannedRequest = {
  ...post(rpcRequest("tools/list")),
  ...{ name: "a list of messages", cacheKey: "legacy batch" },
  body: JSON.stringify(["tools/list", "ping"].map((method) => ({ jsonrpc: "2.0", ...rpcRequest(method) }))),
};

/** The same errand with more headers; `mark` tells it from those without. */
export function withHeaders(
  headers: NonNullable<PlannedRequest["headers"]>,
  cacheKey: string,
  planned: PlannedRequest,
): PlannedRequest {
  return { ...planned, headers: { ...planned.headers, ...headers }, cacheKey: `${planned.cacheKey} ${cacheKey}` };
}

function post(message: RpcMessage): PlannedRequest {
  const { id, method } = message;
  const body = JSON.stringify({ jsonrpc: "2.0", ...message });
  return { name: method, cacheKey: method, method: "POST", headers: POST, body, id, grants: grantOf(method) };
}

function grantOf(method: string): PlannedRequest["grants"] {
  if (method.startsWith("notifications/")) return "nothing";
  return method.endsWith("/list") ? "data" : "greeting";
}
