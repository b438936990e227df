import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { listen, type Running } from "./listen.ts";

/** A request to a scripted server. */
export interface Call {
  /** The JSON-RPC method of a POST, otherwise the HTTP method. */
  readonly method: string;
  readonly id: unknown;
  readonly path: string;
  /** The token presented, or `undefined`. */
  readonly token: string | undefined;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A complete answer. A body that is not a string is sent as JSON. */
export interface Scripted {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Returns the answer, or `null` if it used `call.response` itself or leaves the client waiting. */
export type Script = (call: Call) => Scripted | null;

/** Starts a server that answers exactly as a test wants, even in ways no SDK would. */
export function startScripted(script: Script, path?: string): Promise<Running> {
  return listen((request, response) => {
    void answer(script, request, response);
  }, path);
}

/** Answers like a legacy server without sessions, unless `script` answers first. */
export function legacy(script: (call: Call) => Scripted | null | undefined = () => undefined): Script {
  return (call) => {
    const scripted = script(call);
    if (scripted !== undefined) return scripted;
    if (call.method === "initialize") return result(call, GREETING);
    if (call.method === "notifications/initialized") return { status: 202 };
    if (call.method === "tools/list")
      return result(call, { tools: [{ name: "add", inputSchema: { type: "object" } }] });
    if (call.method === "ping") return result(call, {});
    return { status: 400, body: { jsonrpc: "2.0", id: null, error: { code: -32000, message: "not initialized" } } };
  };
}

export const GREETING = {
  protocolVersion: "2025-06-18",
  capabilities: { tools: {} },
  serverInfo: { name: "scripted", version: "1" },
};

export function result({ id }: Call, value: object): Scripted {
  return { body: { jsonrpc: "2.0", id, result: value } };
}

export function error({ id }: Call, code: number, message: string): Scripted {
  return { body: { jsonrpc: "2.0", id, error: { code, message } } };
}

/** A 401 as in RFC 6750. */
export const UNAUTHORIZED: Scripted = {
  status: 401,
  headers: { "www-authenticate": 'Bearer realm="test", error="invalid_token"' },
  body: { error: "invalid_token" },
};

/** Answers one request with a script. */
export async function answer(script: Script, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const posted = await text(request);
  const message = (posted === "" ? {} : JSON.parse(posted)) as { method?: string; id?: unknown };
  const { method = request.method ?? "", id } = message;
  const token = request.headers.authorization?.replace(/^Bearer /, "");
  const scripted = script({ method, id, path: request.url ?? "", token, request, response });
  if (scripted === null) return;
  const { status = 200, headers = {}, body = "" } = scripted;
  const type = typeof body === "string" ? "text/html" : "application/json";
  response.writeHead(status, { "content-type": type, ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}
