import { randomBytes, randomUUID } from "node:crypto";
import jwt from "jsonwebtoken";
import { Secret } from "../../../src/core/secret.ts";
import type { ProbeServerOptions } from "../../../src/probe/probe.ts";
import type { Running } from "../../servers/listen.ts";
import { SECOND_TOKEN } from "../verify/verifying.ts";
import { ServerBehavior, type Mistake } from "./configurable-server.ts";
import { followingServer } from "./following-server.ts";
import { scopedServer } from "./scoped-server.ts";
import { tlsServer } from "./tls-server.ts";

/** A server without mistakes. */
export interface CorrectServer {
  /** Completes "gives A+ to a server …". */
  readonly kind: string;
  /** How it differs from {@link ServerBehavior}. Its keys are the two tokens of the tests. */
  readonly make?: () => Mistake;
  /** Starts another kind of server instead. */
  readonly start?: () => Promise<Running>;
  /** Options for probing it. */
  readonly options?: Partial<ProbeServerOptions>;
}

const OPAQUE = "sk-live-0a1B2c3D4e5F6g7H8i9J0k1L";
const JWT_SECRET = randomBytes(32);
const JWT = jwt.sign({ sub: "ci" }, JWT_SECRET, { expiresIn: "1h" });
const tls = tlsServer();
const secondKey = SECOND_TOKEN;

/** Every check passes on at least one of them. */
export const CORRECT_SERVERS: readonly CorrectServer[] = [
  { kind: "that speaks both eras", options: { tool: "add" } },
  { kind: "that speaks only the modern era", make: () => ({ eras: "modern" }) },
  { kind: "with sessions", make: () => ({ eras: "legacy", stateful: true }), options: { secondKey } },
  { kind: "with scopes", ...scopedServer({ sees: false, calls: false }) },
  { kind: "without sessions", make: () => ({ eras: "legacy" }) },
  { kind: "that accepts batches", make: () => ({ eras: "legacy", batches: true }) },
  { kind: "that speaks HTTP+SSE", make: () => ({ eras: "sse" }) },
  {
    kind: "that reads the key from another header",
    make: () => ({
      readKey(request) {
        const token = this.tokenOf(request);
        return token === "" ? "none" : this.knows(token) ? "valid" : "wrong";
      },
      tokenOf: (request) => String(request.headers["x-api-key"] ?? ""),
    }),
    options: { header: { name: "x-api-key", scheme: null } },
  },
  { kind: "with opaque keys", make: () => ({ keys: [OPAQUE] }), options: { key: new Secret(OPAQUE) } },
  {
    kind: "with JWTs",
    make: () => ({ keys: [JWT], knows: (token) => isVerified(token) }),
    options: { key: new Secret(JWT) },
  },
  { kind: "that follows a store", ...followingServer() },
  { kind: "that follows a store, with sessions", ...followingServer(undefined, { eras: "legacy", stateful: true }) },
  { kind: "that follows a store, over HTTP+SSE", ...followingServer(undefined, { eras: "sse" }) },
  {
    kind: "that serves a page at every other path",
    make: () => ({
      handle(request, response) {
        if (request.url?.startsWith("/mcp") === true)
          return ServerBehavior.prototype.handle.call(this, request, response);
        response.writeHead(200, { "content-type": "text/html" }).end("<html>hello</html>");
        return Promise.resolve();
      },
    }),
  },
  {
    kind: "that describes itself, and answers OPTIONS and HEAD, without a key",
    make: () => ({
      handle(request, response) {
        if (request.method === "POST") return ServerBehavior.prototype.handle.call(this, request, response);
        const about = {
          name: "test-server",
          transport: "streamable-http",
          example: "Authorization: Bearer <your key>",
        };
        this.json(response, 200, request.method === "GET" ? about : {}, { "www-authenticate": 'Bearer realm="mcp"' });
        return Promise.resolve();
      },
    }),
  },
  {
    kind: "that points to an external authorization server",
    make: () => ({
      handle(request, response) {
        const origin = `http://${request.headers.host ?? ""}`;
        if (request.url !== "/.well-known/oauth-protected-resource/mcp") {
          return ServerBehavior.prototype.handle.call(this, request, response);
        }
        const servers = { authorization_servers: ["https://login.example"] };
        this.json(response, 200, { resource: `${origin}/mcp`, ...servers });
        return Promise.resolve();
      },
      refuse(request, response, presented) {
        const metadata = `http://${request.headers.host ?? ""}/.well-known/oauth-protected-resource/mcp`;
        const error = presented === "none" ? "" : `, error="invalid_${presented === "two" ? "request" : "token"}"`;
        const challenge = `Bearer resource_metadata="${metadata}"${error}`;
        this.json(response, presented === "two" ? 400 : 401, {}, { "www-authenticate": challenge });
      },
    }),
  },
  {
    kind: "whose refusals hold a time and a request id",
    make: () => ({
      refuse(request, response, presented) {
        response.setHeader("x-request-id", randomUUID());
        const at = new Date().toISOString();
        const key = this.tokenOf(request).slice(0, 8);
        const error = presented === "none" ? "" : `, error="invalid_${presented === "two" ? "request" : "token"}"`;
        const body = { at, request: randomUUID(), key };
        this.json(response, presented === "two" ? 400 : 401, body, {
          "www-authenticate": `Bearer realm="mcp"${error}`,
        });
      },
    }),
  },
  {
    kind: "that limits wrong keys",
    make: () => {
      let refused = 0;
      return {
        refuse(request, response, presented) {
          if (++refused % 30 === 0) this.json(response, 429, {}, { "retry-after": "0" });
          else ServerBehavior.prototype.refuse.call(this, request, response, presented);
        },
      };
    },
  },
  { kind: "behind TLS", start: tls.start, options: { request: tls.request } },
];

function isVerified(token: string): boolean {
  try {
    jwt.verify(token, JWT_SECRET, { algorithms: ["HS256"] });
    return true;
  } catch {
    return false;
  }
}
