import { randomUUID } from "node:crypto";
import { Secret } from "../../../src/core/secret.ts";
import type { ProbeServerOptions } from "../../../src/probe/probe.ts";
import type { Running } from "../../servers/listen.ts";
import { SECOND_TOKEN } from "../verify/verifying.ts";
import { ServerBehavior, type Mistake } from "./configurable-server.ts";
import { followingServer } from "./following.ts";
import { secureServer } from "./secure.ts";

/** A server that does everything right. */
export interface Sound {
  /** Completes "a server …". */
  readonly kind: string;
  /** What of a {@link ServerBehavior} it has otherwise, without being wrong; its keys are the two tokens of the tests. */
  readonly make?: () => Mistake;
  /** A server that is no {@link ServerBehavior}, in place of `make`. */
  readonly start?: () => Promise<Running>;
  /** How it is probed, beyond what is usual. */
  readonly options?: Partial<ProbeServerOptions>;
}

const OPAQUE = "sk-live-0a1B2c3D4e5F6g7H8i9J0k1L";
const secure = secureServer();
const secondKey = SECOND_TOKEN;

/** Together they show every check passing. */
export const SOUND: readonly Sound[] = [
  { kind: "of both eras", options: { tool: "add" } },
  { kind: "of the newest era", make: () => ({ eras: "modern" }) },
  { kind: "with sessions", make: () => ({ eras: "legacy", stateful: true }), options: { secondKey } },
  { kind: "without sessions", make: () => ({ eras: "legacy" }) },
  { kind: "that takes lists of messages", make: () => ({ eras: "legacy", batches: true }) },
  { kind: "of HTTP+SSE", make: () => ({ eras: "sse" }) },
  {
    kind: "that wants the key in another header",
    make: () => ({
      read(request) {
        const token = this.tokenOf(request);
        return token === "" ? "none" : this.knows(token) ? "in" : "wrong";
      },
      tokenOf: (request) => String(request.headers["x-api-key"] ?? ""),
    }),
    options: { header: { name: "x-api-key", scheme: null } },
  },
  { kind: "with opaque keys", make: () => ({ keys: [OPAQUE] }), options: { key: new Secret(OPAQUE) } },
  { kind: "that follows a store", ...followingServer() },
  { kind: "that follows a store, with sessions", ...followingServer(undefined, { eras: "legacy", stateful: true }) },
  {
    kind: "that has a page for every other path",
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
    kind: "that shows anybody what it is, and answers OPTIONS and HEAD to anybody",
    make: () => ({
      handle(request, response) {
        if (request.method === "POST") return ServerBehavior.prototype.handle.call(this, request, response);
        const about = { name: "door", transport: "streamable-http", example: "Authorization: Bearer <your key>" };
        this.json(response, 200, request.method === "GET" ? about : {}, { "www-authenticate": 'Bearer realm="mcp"' });
        return Promise.resolve();
      },
    }),
  },
  {
    kind: "that signs people in elsewhere, and says so",
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
      refuse(request, response, reading) {
        const metadata = `http://${request.headers.host ?? ""}/.well-known/oauth-protected-resource/mcp`;
        const error = reading === "none" ? "" : `, error="invalid_${reading === "two" ? "request" : "token"}"`;
        const challenge = `Bearer resource_metadata="${metadata}"${error}`;
        this.json(response, reading === "two" ? 400 : 401, {}, { "www-authenticate": challenge });
      },
    }),
  },
  {
    kind: "that says of each refusal when it was, and which",
    make: () => ({
      refuse(request, response, reading) {
        response.setHeader("x-request-id", randomUUID());
        const at = new Date().toISOString();
        const key = this.tokenOf(request).slice(0, 8);
        const error = reading === "none" ? "" : `, error="invalid_${reading === "two" ? "request" : "token"}"`;
        const body = { at, request: randomUUID(), key };
        this.json(response, reading === "two" ? 400 : 401, body, { "www-authenticate": `Bearer realm="mcp"${error}` });
      },
    }),
  },
  { kind: "behind TLS", start: secure.start, options: { request: secure.request } },
];
