import { text } from "node:stream/consumers";
import { BROKEN_COMPARISONS } from "./broken-comparisons.ts";
import { BROKEN_PLACES } from "./broken-places.ts";
import type { Broken } from "./broken.ts";
import type { Posted } from "./configurable-server.ts";

const LEGACY = { eras: "legacy" } as const;
const STATEFUL = { eras: "legacy", stateful: true } as const;

/** Servers that let somebody in who should stay out. */
const BROKEN_GUARDS: readonly Broken[] = [
  {
    mistake: "answers 404 to everything",
    caught: ["reachable"],
    make: () => ({ knowsPath: () => false }),
  },
  {
    mistake: "forgot the key",
    caught: ["accepts-valid-key"],
    make: () => ({ knows: () => false }),
  },
  {
    mistake: "lets anybody in who shows nothing",
    caught: ["requires-key"],
    make: () => ({
      isGuarded: (request) => request.headers.authorization !== undefined,
    }),
  },
  {
    mistake: "forgot its guard",
    caught: ["requires-key", "rejects-bogus-key"],
    make: () => ({ isGuarded: () => false }),
  },
  {
    mistake: "guards the newest era alone",
    caught: ["requires-key-for-every-message", "requires-key-for-handshake"],
    make: () => ({
      isGuarded: (request) => request.headers["mcp-protocol-version"] === "2026-07-28",
    }),
  },
  {
    mistake: "names the messages that need a key, and forgot the calls",
    caught: ["requires-key-for-every-message", "requires-key-for-handshake"],
    make: () => ({
      eras: "modern",
      isGuarded: (request) => String(request.headers["mcp-method"]).endsWith("/list"),
    }),
  },
  {
    mistake: "names the messages that need a key, and forgot a list",
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
    mistake: "asks for a key where tools are listed, and in no other message of a session",
    caught: ["requires-key-for-every-message", "requires-key-for-handshake"],
    make: () => ({
      ...STATEFUL,
      isGuarded: (request) => request.method !== "POST",
      async serve(request, response) {
        const posted = posts(await text(request));
        const reading = this.read(request);
        if (posted === null || Array.isArray(posted)) this.rpcError(response, 400, { code: -32700, id: null });
        else if (posted.method === "tools/list" && reading !== "in") this.refuse(request, response, reading);
        else this.answerLegacy(request, response, posted);
      },
    }),
  },
  {
    mistake: "looks for the method of a list of messages",
    caught: ["requires-key-for-batches", "rejects-before-reading"],
    make: () => ({
      ...LEGACY,
      isGuarded: () => false,
      async serve(request, response) {
        const posted = posts(await text(request));
        const reading = this.read(request);
        if (Array.isArray(posted)) this.answerList(response, posted);
        else if (reading !== "in") this.refuse(request, response, reading);
        else if (request.method === "POST" && posted !== null) this.answerLegacy(request, response, posted);
        else this.json(response, 405, {});
      },
    }),
  },
  {
    mistake: "guards POST alone, and opens a stream to anybody",
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
    mistake: "guards one spelling of its path, and finds the way by another",
    caught: ["requires-key-for-every-path"],
    make: () => ({
      isGuarded: (request) => request.url?.split("?")[0] === "/mcp",
      knowsPath: (request) => /^\/mcp\/?(\?|$)/i.test(request.url ?? ""),
    }),
  },
  {
    mistake: "guards what begins with its path, and makes the path plain afterwards",
    caught: ["requires-key-for-every-path"],
    make: () => ({
      isGuarded: (request) => (request.url ?? "").startsWith("/mcp"),
      knowsPath: (request) => new URL(request.url ?? "", "http://door").pathname === "/mcp",
    }),
  },
  {
    mistake: "guards POST, and reads the message of any method",
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
    mistake: "calls some tools for anybody",
    caught: ["requires-key-for-tool-call"],
    make: () => ({ eras: "modern", isGuarded: (request) => request.headers["mcp-name"] !== "add" }),
    options: { tool: "add" },
  },
  {
    mistake: "takes the id of a session for a key",
    caught: ["requires-key-in-session"],
    make: () => ({
      ...STATEFUL,
      isGuarded: (request) => request.headers["mcp-session-id"] === undefined,
      ownsSession(_, id) {
        return this.sessions.has(id);
      },
    }),
  },
  {
    mistake: "ends a session for anybody",
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
    mistake: "opens a session to anybody, and a stream to whoever has one",
    caught: ["rejects-anonymous-session", "requires-key-for-handshake"],
    make: () => ({
      ...STATEFUL,
      isGuarded: (request) => request.method !== "GET" && request.headers["mcp-session-id"] !== undefined,
    }),
  },
  {
    mistake: "guards the stream of HTTP+SSE and not the address for messages",
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
    mistake: "trusts the address that a proxy names",
    caught: ["rejects-proxy-headers"],
    make: () => ({ isGuarded: (request) => request.headers["x-forwarded-for"] !== "127.0.0.1" }),
  },
  {
    mistake: "trusts the user that a proxy names",
    caught: ["rejects-proxy-headers"],
    make: () => ({ isGuarded: (request) => request.headers["x-forwarded-user"] === undefined }),
  },
  {
    mistake: "leaves out paths by a header of the proxy",
    caught: ["rejects-proxy-headers"],
    make: () => ({ isGuarded: (request) => !String(request.headers["x-original-url"]).startsWith("/health") }),
  },
  {
    mistake: "lets a preflight through, and believes a header that it is one",
    caught: ["rejects-proxy-headers"],
    make: () => ({ isGuarded: (request) => request.headers["x-http-method-override"] !== "OPTIONS" }),
  },
  {
    mistake: "leaves its middleware out for requests of its own",
    caught: ["rejects-proxy-headers"],
    make: () => ({ isGuarded: (request) => request.headers["x-middleware-subrequest"] === undefined }),
  },
  {
    mistake: "needs no key on localhost, and believes the Host header",
    caught: ["rejects-proxy-headers"],
    make: () => ({ isGuarded: (request) => request.headers.host !== "localhost" }),
  },
  {
    mistake: "passes on what is not Bearer",
    caught: ["rejects-bogus-key-in-other-scheme"],
    make: () => ({ isGuarded: ({ headers: { authorization = "Bearer" } }) => /^(Bearer|$)/i.test(authorization) }),
  },
  {
    mistake: "asks whether there is a cookie, and not what it holds",
    caught: ["rejects-bogus-key-elsewhere"],
    make: () => ({ isGuarded: (request) => !/(?:^|; )session=./.test(request.headers.cookie ?? "") }),
  },
  {
    mistake: "asks whether there is a token in the query, and not which",
    caught: ["rejects-bogus-key-elsewhere"],
    make: () => ({ isGuarded: (request) => !/[?&]token=./.test(request.url ?? "") }),
  },
  {
    mistake: "answers the handshake to anybody",
    caught: ["requires-key-for-handshake"],
    make: () => ({
      eras: "modern",
      isGuarded: (request) => request.headers["mcp-method"] !== "server/discover",
    }),
  },
];

export const BROKEN_DOORS: readonly Broken[] = [...BROKEN_GUARDS, ...BROKEN_COMPARISONS, ...BROKEN_PLACES];

function posts(body: string): Posted | Posted[] | null {
  try {
    return JSON.parse(body) as Posted | Posted[];
  } catch {
    return null;
  }
}
