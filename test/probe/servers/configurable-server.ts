import { randomUUID, timingSafeEqual, createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { listen, type Running } from "../../servers/listen.ts";

/** A JSON-RPC message as posted. */
export interface Posted {
  readonly method?: string;
  readonly id?: string | number;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** What a correct server finds in a request. */
export type PresentedKey = "valid" | "none" | "wrong" | "malformed" | "two";

interface Session {
  /** The token that opened it. */
  readonly owner: string;
}

/**
 * A small, correct MCP server for testing the checks, deliberately written without our guard. A broken server replaces one of
 * its methods or fields, see {@link startServer}.
 */
export class ServerBehavior {
  /** The tokens that are accepted. */
  keys: string[];
  /** `dual` speaks both eras over streamable HTTP. */
  eras: "dual" | "modern" | "legacy" | "sse" = "dual";
  /** Whether the legacy era opens sessions. */
  stateful = false;
  /** Whether it accepts batches. */
  batches = false;
  readonly sessions = new Map<string, Session>();
  readonly streams = new Map<string, ServerResponse>();

  constructor(keys: string[]) {
    this.keys = keys;
  }

  /** Handles every request. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.knowsHost(request)) {
      this.json(response, 403, { error: "forbidden host" });
      return;
    }
    if (!this.knowsOrigin(request)) {
      this.json(response, 403, { error: "forbidden origin" });
      return;
    }
    if (request.method === "OPTIONS") {
      this.preflight(request, response);
      return;
    }
    if (!this.knowsPath(request)) {
      this.json(response, 404, { error: "not found" });
      return;
    }
    if (this.isGuarded(request)) {
      const presented = this.readKey(request);
      if (presented !== "valid") {
        this.refuse(request, response, presented);
        return;
      }
    }
    return this.serve(request, response);
  }

  knowsHost(request: IncomingMessage): boolean {
    return /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.host ?? "");
  }

  knowsOrigin(request: IncomingMessage): boolean {
    return request.headers.origin === undefined;
  }

  preflight(_request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(204).end();
  }

  /** Looks at the path as it was sent, without its query. */
  knowsPath(request: IncomingMessage): boolean {
    return ["/mcp", "/messages"].includes((request.url ?? "").split("?")[0] ?? "");
  }

  isGuarded(_request: IncomingMessage): boolean {
    return true;
  }

  readKey(request: IncomingMessage): PresentedKey {
    const values = request.rawHeaders.filter(
      (_, i, all) => i % 2 === 1 && all[i - 1]?.toLowerCase() === "authorization",
    );
    if (values.length > 1) return "two";
    const [header = ""] = values;
    if (!/^Bearer(?: |$)/i.test(header)) return "none";
    const token = this.tokenOf(request);
    if (token === "") return "malformed";
    return this.knows(token) ? "valid" : "wrong";
  }

  tokenOf(request: IncomingMessage): string {
    return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
  }

  knows(token: string): boolean {
    const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
    return this.keys.some((key) => timingSafeEqual(digest(key), digest(token)));
  }

  refuse(_request: IncomingMessage, response: ServerResponse, presented: Exclude<PresentedKey, "valid">): void {
    const error = presented === "two" ? "invalid_request" : presented === "none" ? undefined : "invalid_token";
    const challenge = `Bearer realm="mcp"${error === undefined ? "" : `, error="${error}"`}`;
    this.json(
      response,
      presented === "two" ? 400 : 401,
      { error: error ?? "unauthorized" },
      { "www-authenticate": challenge },
    );
  }

  /** Answers requests that passed the guard. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.eras === "sse") return this.serveSse(request, response);
    if (request.method === "GET") {
      this.stream(request, response);
      return;
    }
    if (request.method === "DELETE") {
      this.endSession(request, response);
      return;
    }
    if (request.method !== "POST") {
      this.json(response, 405, { error: "method not allowed" }, { allow: "POST" });
      return;
    }
    const posted = parse(await text(request));
    if (this.batches && Array.isArray(posted)) {
      this.answerBatch(response, posted);
      return;
    }
    if (posted === null || Array.isArray(posted)) {
      this.rpcError(response, 400, { code: -32700, id: null });
      return;
    }
    const isModern = request.headers["mcp-protocol-version"] === "2026-07-28";
    if (isModern ? this.eras === "legacy" : this.eras === "modern") {
      const data = { supported: [this.eras === "modern" ? "2026-07-28" : "2025-11-25"] };
      this.rpcError(response, 400, { code: -32022, id: posted.id ?? null, data });
      return;
    }
    if (isModern) this.answerModern(response, posted);
    else this.answerLegacy(request, response, posted);
  }

  answerModern(response: ServerResponse, posted: Posted): void {
    const serverInfo = { "io.modelcontextprotocol/serverInfo": { name: "test-server", version: "1" } };
    if (posted.method === "server/discover") {
      return this.result(response, posted, {
        supportedVersions: ["2026-07-28"],
        capabilities: { tools: {} },
        _meta: serverInfo,
      });
    }
    if (posted.method === "subscriptions/listen") return this.listen(response);
    return this.answer(response, posted);
  }

  answerLegacy(request: IncomingMessage, response: ServerResponse, posted: Posted): void {
    if (posted.method === "initialize") {
      const headers: Record<string, string> = this.stateful ? { "mcp-session-id": this.openSession(request) } : {};
      return this.result(response, posted, GREETING, headers);
    }
    if (this.stateful) {
      const id = request.headers["mcp-session-id"];
      if (id === undefined) return this.rpcError(response, 400, { code: -32000, id: posted.id ?? null });
      if (!this.ownsSession(request, String(id)))
        return this.rpcError(response, 404, { code: -32001, id: posted.id ?? null });
    }
    return this.answer(response, posted);
  }

  answerBatch(response: ServerResponse, posted: readonly Posted[]): void {
    const replies = posted.map((one) => ({ jsonrpc: "2.0", id: one.id, result: resultOf(one) ?? {} }));
    this.json(response, 200, replies);
  }

  openSession(request: IncomingMessage): string {
    const id = randomUUID();
    this.sessions.set(id, { owner: this.tokenOf(request) });
    return id;
  }

  ownsSession(request: IncomingMessage, id: string): boolean {
    return this.sessions.get(id)?.owner === this.tokenOf(request);
  }

  stream(request: IncomingMessage, response: ServerResponse): void {
    const id = request.headers["mcp-session-id"];
    if (!this.stateful || id === undefined || !this.ownsSession(request, String(id))) {
      return this.json(response, 405, { error: "method not allowed" }, { allow: "POST" });
    }
    this.openStream(response);
    response.flushHeaders();
  }

  /** Opens the stream of the modern era. */
  listen(response: ServerResponse): void {
    this.openStream(response);
    const acknowledged = { jsonrpc: "2.0", method: "notifications/subscriptions/acknowledged", params: {} };
    response.write(`event: message\ndata: ${JSON.stringify(acknowledged)}\n\n`);
  }

  /** Starts a response that stays open. */
  openStream(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream" });
  }

  endSession(request: IncomingMessage, response: ServerResponse): void {
    const id = String(request.headers["mcp-session-id"]);
    if (!this.stateful || !this.ownsSession(request, id))
      return this.json(response, 405, { error: "method not allowed" });
    this.sessions.delete(id);
    response.writeHead(200).end();
  }

  async serveSse(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = new URL(request.url ?? "", "http://server").searchParams.get("s") ?? "";
    if (request.method === "GET") {
      const opened = this.openSession(request);
      this.streams.set(opened, response);
      this.openStream(response);
      response.write(`event: endpoint\ndata: /messages?s=${opened}\n\n`);
      return;
    }
    const posted = parse(await text(request));
    const stream = this.streams.get(id);
    if (
      request.method !== "POST" ||
      posted === null ||
      Array.isArray(posted) ||
      stream === undefined ||
      !this.ownsSession(request, id)
    ) {
      this.json(response, 404, { error: "not found" });
      return;
    }
    response.writeHead(202).end();
    const result = posted.method === "initialize" ? { ...GREETING, protocolVersion: "2024-11-05" } : resultOf(posted);
    if (posted.id === undefined) return;
    const reply = { jsonrpc: "2.0", id: posted.id, ...(result === null ? { error: UNKNOWN } : { result }) };
    stream.write(`event: message\ndata: ${JSON.stringify(reply)}\n\n`);
  }

  answer(response: ServerResponse, posted: Posted): void {
    if (posted.id === undefined) return void response.writeHead(202).end();
    const result = resultOf(posted);
    if (result === null) return this.rpcError(response, 200, { ...UNKNOWN, id: posted.id });
    return this.result(response, posted, result);
  }

  result(
    response: ServerResponse,
    { id }: Posted,
    result: object,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    this.json(response, 200, { jsonrpc: "2.0", id, result }, headers);
  }

  rpcError(
    response: ServerResponse,
    status: number,
    { id, ...error }: { code: number; id: string | number | null; data?: object },
  ): void {
    this.json(response, status, { jsonrpc: "2.0", id, error: { message: "refused", ...error } });
  }

  json(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(response.req.method === "HEAD" ? undefined : JSON.stringify(body));
  }
}

/** The methods and fields that a broken server replaces. In a method, `this` is the server. */
export type Mistake = Partial<ServerBehavior> & ThisType<ServerBehavior>;

/** Starts a server at a free port of 127.0.0.1, at `/mcp`. */
export function startServer(keys: string[], mistake: Mistake = {}): Promise<Running> {
  const server = Object.assign(new ServerBehavior(keys), mistake);
  return listen((request, response) => {
    server.handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  }, "/mcp");
}

const GREETING = {
  protocolVersion: "2025-11-25",
  capabilities: { tools: {} },
  serverInfo: { name: "test-server", version: "1" },
};
const UNKNOWN = { code: -32602, message: "unknown tool or method" };

function resultOf({ method, params }: Posted): object | null {
  if (method === "tools/list") return { tools: [{ name: "add", inputSchema: { type: "object" } }] };
  if (method === "ping") return {};
  if (method === "tools/call" && params?.["name"] === "add") return { content: [{ type: "text", text: "3" }] };
  return null;
}

function parse(body: string): Posted | Posted[] | null {
  try {
    return JSON.parse(body) as Posted | Posted[];
  } catch {
    return null;
  }
}
