import type { HttpInit } from "../../http/http.ts";
import { MODERN_VERSION, modernParams, rpcRequest, type ClientInfo, type RpcMessage } from "./rpc-message.ts";

/** A request to an MCP server, without the key. */
export interface PlannedRequest extends Pick<HttpInit, "method" | "path" | "announce" | "maxTls"> {
  readonly body?: string;
  /** Name in findings: `tools/list`, `GET`. */
  readonly name: string;
  /** Identifies the request in a run. Requests with the same `cacheKey` and presented key share one answer. */
  readonly cacheKey: string;
  readonly headers?: HttpInit["headers"];
  /** Milliseconds, if less than for other exchanges. */
  readonly timeoutMs?: number;
  /** Id of the JSON-RPC request in `body`; without one, no reply is expected. */
  readonly id?: string;
  /** What a successful answer grants, see `isGranted`. */
  readonly grants: Grant;
}

/** `data`: what a key protects, a list or a tool call · `stream`: an open event stream · `greeting`: a handshake or ping · `nothing` */
export type Grant = "data" | "stream" | "greeting" | "nothing";

const POST = { "content-type": "application/json", accept: "application/json, text/event-stream" };
/** No server has this tool, so calling it changes nothing. */
export const MISSING_TOOL = "mcp-keys-no-such-tool";

/** Opens the stream of a session, or of HTTP+SSE. */
export const STREAM: PlannedRequest = {
  ...{ name: "GET", cacheKey: "GET", method: "GET", grants: "stream" },
  headers: { accept: "text/event-stream" },
};
export const HEAD: PlannedRequest = { name: "HEAD", cacheKey: "HEAD", method: "HEAD", grants: "nothing" };
export const DELETE: PlannedRequest = { name: "DELETE", cacheKey: "DELETE", method: "DELETE", grants: "nothing" };

/** Plans a request of the modern era. */
export function modernRequest(method: string, client: ClientInfo, params: RpcMessage["params"] = {}): PlannedRequest {
  const planned = post(rpcRequest(method, { ...params, ...modernParams(client) }));
  const named = { "mcp-protocol-version": MODERN_VERSION, "mcp-method": method };
  return { ...planned, headers: { ...planned.headers, ...named }, cacheKey: `modern ${method}` };
}

/** Opens the stream of the modern era, for changes of every list. */
export function listenRequest(client: ClientInfo): PlannedRequest {
  const notifications = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
  return { ...modernRequest("subscriptions/listen", client, { notifications }), grants: "stream" };
}

/** Plans a message of the legacy era without a handshake. Headers of a session can be added. */
export function legacyRequest(message: RpcMessage): PlannedRequest {
  return { ...post(message), cacheKey: `legacy ${message.method}` };
}

/** A JSON-RPC batch, allowed by MCP 2025-03-26. A guard that looks for one method in the body finds none. */
export const BATCH: PlannedRequest = {
  ...post(rpcRequest("tools/list")),
  ...{ name: "a batch", cacheKey: "legacy batch" },
  body: JSON.stringify(["tools/list", "ping"].map((method) => ({ jsonrpc: "2.0", ...rpcRequest(method) }))),
};

/** Adds headers to a request. `cacheKey` distinguishes it from the original. */
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
