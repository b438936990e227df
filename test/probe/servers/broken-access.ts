import { text } from "node:stream/consumers";
import { BROKEN_COMPARISONS } from "./broken-comparisons.ts";
import { BROKEN_PLACES } from "./broken-places.ts";
import type { BrokenServer } from "./broken.ts";
import type { Posted } from "./configurable-server.ts";
import { scopedServer } from "./scoped-server.ts";

const LEGACY = { eras: "legacy" } as const;
const STATEFUL = { eras: "legacy", stateful: true } as const;

/** Servers with a hole in their guard. */
const BROKEN_GUARDS: readonly BrokenServer[] = [
  {
    mistake: "lists a tool to a key that may not call it",
    caught: ["hides-forbidden-tool"],
    ...scopedServer({ sees: true, calls: false }),
  },
  {
    mistake: "hides a tool from a key that can call it",
    caught: ["rejects-hidden-tool"],
    ...scopedServer({ sees: false, calls: true }),
  },
  {
    mistake: "answers 404 to every request",
    caught: ["reachable"],
    make: () => ({ knowsPath: () => false }),
  },
  {
    mistake: "rejects the valid key",
    caught: ["accepts-valid-key"],
    make: () => ({ knows: () => false }),
  },
  {
    mistake: "accepts requests without a key",
    caught: ["requires-key"],
    make: () => ({
      isGuarded: (request) => request.headers.authorization !== undefined,
    }),
  },
  {
    mistake: "has no guard",
    caught: ["requires-key", "rejects-bogus-key"],
    make: () => ({ isGuarded: () => false }),
  },
  {
    mistake: "refuses a request and sends the list with the refusal",
    caught: ["requires-key", "rejects-bogus-key", "rejects-before-reading"],
    make: () => ({
      refuse(request, response) {
        void text(request).then(
          (body) => {
            const id = /"id":"([^"]*)"/.exec(body)?.[1];
            this.json(response, 401, { jsonrpc: "2.0", id, result: { tools: [] } });
          },
          () => response.destroy(),
        );
      },
    }),
  },
  {
    mistake: "guards only the modern era",
    caught: ["requires-key-for-every-message", "requires-key-for-handshake", "requires-key-for-every-version"],
    make: () => ({
      isGuarded: (request) => request.headers["mcp-protocol-version"] === "2026-07-28",
    }),
  },
  {
    mistake: "guards a list of messages and forgot tool calls",
    caught: ["requires-key-for-every-message", "requires-key-for-handshake", "requires-key-for-every-version"],
    make: () => ({
      eras: "modern",
      isGuarded: (request) => String(request.headers["mcp-method"]).endsWith("/list"),
    }),
  },
  {
    mistake: "guards a list of messages and forgot one of them",
    caught: ["requires-key-for-every-message"],
    make: () => ({
      eras: "modern",
      isGuarded: (request) => request.headers["mcp-method"] !== "resources/list",
      answerModern(response, posted) {
        const capabilities = { tools: {}, resources: {} };
        const discovered = { supportedVersions: ["2026-07-28"], capabilities };
        if (posted.method === "server/discover") this.result(response, posted, discovered);
        else if (posted.method === "resources/list") this.result(response, posted, { resources: [] });
        else this.answer(response, posted);
      },
    }),
  },
  {
    mistake: "requires a key for tools/list and for no other message of a session",
    caught: ["requires-key-for-every-message", "requires-key-for-handshake"],
    make: () => ({
      ...STATEFUL,
      isGuarded: (request) => request.method !== "POST",
      async serve(request, response) {
        const posted = posts(await text(request));
        const presented = this.readKey(request);
        if (posted === null || Array.isArray(posted)) this.rpcError(response, 400, { code: -32700, id: null });
        else if (posted.method === "tools/list" && presented !== "valid") this.refuse(request, response, presented);
        else this.answerLegacy(request, response, posted);
      },
    }),
  },
  {
    mistake: "lets batches through because they have no method",
    caught: ["requires-key-for-batches", "rejects-before-reading", "requires-key-for-every-body"],
    make: () => ({
      ...LEGACY,
      isGuarded: () => false,
      async serve(request, response) {
        const posted = posts(await text(request));
        const presented = this.readKey(request);
        if (Array.isArray(posted)) this.answerBatch(response, posted);
        else if (presented !== "valid") this.refuse(request, response, presented);
        else if (request.method === "POST" && posted !== null) this.answerLegacy(request, response, posted);
        else this.json(response, 405, {});
      },
    }),
  },
  {
    mistake: "guards only POST and opens a stream without a key",
    caught: ["requires-key-for-stream"],
    make: () => ({
      ...LEGACY,
      isGuarded: (request) => request.method !== "GET",
      stream(_, response) {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.flushHeaders();
      },
    }),
  },
  {
    mistake: "guards one spelling of its path and routes others too",
    caught: ["requires-key-for-every-path"],
    make: () => ({
      isGuarded: (request) => request.url?.split("?")[0] === "/mcp",
      knowsPath: (request) => /^\/mcp\/?(\?|$)/i.test(request.url ?? ""),
    }),
  },
  {
    mistake: "guards its path before normalizing it",
    caught: ["requires-key-for-every-path"],
    make: () => ({
      isGuarded: (request) => (request.url ?? "").startsWith("/mcp"),
      knowsPath: (request) => new URL(request.url ?? "", "http://server").pathname === "/mcp",
    }),
  },
  {
    mistake: "guards POST and reads messages sent with PUT",
    caught: ["requires-key-for-every-method"],
    make: () => ({
      ...LEGACY,
      isGuarded: (request) => request.method !== "PUT",
      async serve(request, response) {
        const posted = posts(await text(request));
        if (posted === null || Array.isArray(posted)) this.rpcError(response, 400, { code: -32700, id: null });
        else this.answerLegacy(request, response, posted);
      },
    }),
  },
  {
    mistake: "calls a tool without a key",
    caught: ["requires-key-for-tool-call", "requires-key-for-every-message", "requires-key-for-every-version"],
    make: () => ({ eras: "modern", isGuarded: (request) => request.headers["mcp-name"] !== "add" }),
    options: { tool: "add" },
  },
  {
    mistake: "accepts a session id instead of a key",
    caught: ["requires-key-in-session", "requires-key-for-every-version"],
    make: () => ({
      ...STATEFUL,
      isGuarded: (request) => request.headers["mcp-session-id"] === undefined,
      ownsSession(_, id) {
        return this.sessions.has(id);
      },
    }),
  },
  {
    mistake: "ends a session without a key",
    caught: ["requires-key-in-session"],
    make: () => ({
      ...STATEFUL,
      isGuarded: (request) => request.method !== "DELETE",
      endSession(request, response) {
        this.sessions.delete(String(request.headers["mcp-session-id"]));
        response.writeHead(200).end();
      },
    }),
  },
  {
    mistake: "opens sessions without a key, and streams in those sessions",
    caught: ["rejects-anonymous-session", "requires-key-for-handshake"],
    make: () => ({
      ...STATEFUL,
      isGuarded: (request) => request.method !== "GET" && request.headers["mcp-session-id"] !== undefined,
    }),
  },
  {
    mistake: "guards the SSE stream and not the endpoint for messages",
    caught: ["requires-key-for-sse-endpoint"],
    make: () => ({
      eras: "sse",
      isGuarded: (request) => request.method === "GET",
      ownsSession(_, id) {
        return this.sessions.has(id);
      },
    }),
  },
  {
    mistake: "trusts the client address in X-Forwarded-For",
    caught: ["rejects-proxy-headers"],
    make: () => ({ isGuarded: (request) => request.headers["x-forwarded-for"] !== "127.0.0.1" }),
  },
  {
    mistake: "trusts the user in X-Forwarded-User",
    caught: ["rejects-proxy-headers"],
    make: () => ({ isGuarded: (request) => request.headers["x-forwarded-user"] === undefined }),
  },
  {
    mistake: "skips its guard for some paths and trusts X-Original-URL",
    caught: ["rejects-proxy-headers"],
    make: () => ({ isGuarded: (request) => !String(request.headers["x-original-url"]).startsWith("/health") }),
  },
  {
    mistake: "skips its guard for preflights and trusts X-HTTP-Method-Override",
    caught: ["rejects-proxy-headers"],
    make: () => ({ isGuarded: (request) => request.headers["x-http-method-override"] !== "OPTIONS" }),
  },
  {
    mistake: "skips its middleware for requests with X-Middleware-Subrequest",
    caught: ["rejects-proxy-headers"],
    make: () => ({ isGuarded: (request) => request.headers["x-middleware-subrequest"] === undefined }),
  },
  {
    mistake: "requires no key on localhost and trusts the Host header",
    caught: ["rejects-proxy-headers"],
    make: () => ({ isGuarded: (request) => request.headers.host !== "localhost" }),
  },
  {
    mistake: "lets every scheme but Bearer through",
    caught: ["rejects-bogus-key-in-other-scheme"],
    make: () => ({ isGuarded: ({ headers: { authorization = "Bearer" } }) => /^(Bearer|$)/i.test(authorization) }),
  },
  {
    mistake: "accepts any session cookie",
    caught: ["rejects-bogus-key-elsewhere"],
    make: () => ({ isGuarded: (request) => !/(?:^|; )session=./.test(request.headers.cookie ?? "") }),
  },
  {
    mistake: "accepts any token in the query",
    caught: ["rejects-bogus-key-elsewhere"],
    make: () => ({ isGuarded: (request) => !/[?&]token=./.test(request.url ?? "") }),
  },
  {
    mistake: "answers the handshake without a key",
    caught: ["requires-key-for-handshake", "requires-key-for-every-version"],
    make: () => ({
      eras: "modern",
      isGuarded: (request) => request.headers["mcp-method"] !== "server/discover",
    }),
  },
];

export const BROKEN_ACCESS: readonly BrokenServer[] = [...BROKEN_GUARDS, ...BROKEN_COMPARISONS, ...BROKEN_PLACES];

function posts(body: string): Posted | Posted[] | null {
  try {
    return JSON.parse(body) as Posted | Posted[];
  } catch {
    return null;
  }
}
