import { randomBytes, randomUUID } from "node:crypto";
import {
  notFound,
  readKey,
  startSite,
  type Admit,
  type Answer,
  type MadeServer,
  type Make,
  type Site,
} from "./make.ts";
import { isSame } from "./opaque.ts";

/** Servers that refuse in unlike ways, or answer other paths in their own way. */
export const REFUSAL_MAKES: readonly Make[] = [
  {
    name: "that refuses with a page and 401",
    start: (open) =>
      start(open, (_, response, key) => {
        response.writeHead(401, { "www-authenticate": challengeFor(key), "content-type": "text/html; charset=utf-8" });
        response.end("<!doctype html><title>401</title><h1>Authorization required</h1><p>Send your key.</p>");
      }),
  },
  {
    name: "that refuses with a JSON:API document",
    start: (open) =>
      start(open, (request, response, key) => {
        const title = key === null ? "Missing key" : "Invalid key";
        const errors = [
          { id: randomUUID(), status: "401", code: "unauthorized", title, source: { header: "Authorization" } },
        ];
        response.writeHead(401, { "www-authenticate": challengeFor(key), "content-type": "application/vnd.api+json" });
        response.end(JSON.stringify({ errors, meta: { at: new Date().toISOString(), method: request.method } }));
      }),
  },
  {
    name: "that refuses with problem details and with a fault of JSON-RPC in them",
    start: (open) =>
      start(open, (_, response, key) => {
        const problem = {
          type: "https://mcp.example/errors/401",
          title: "Unauthorized",
          status: 401,
          instance: randomUUID(),
        };
        response.writeHead(401, { "www-authenticate": challengeFor(key), "content-type": "application/problem+json" });
        response.end(
          JSON.stringify({ ...problem, jsonrpc: "2.0", id: null, error: { code: -32_001, message: "Unauthorized" } }),
        );
      }),
  },
  {
    name: "that sends everybody without a key to its sign-in page",
    grade: "D",
    deserves: {
      "answers-401-without-key": "it answers 302: clients follow it to a page, and never ask for a key",
      "answers-401-to-wrong-key": "it answers 302 to a wrong key too",
    },
    start: (open) =>
      start(
        open,
        (_, response) => {
          response.writeHead(302, { location: "/login", "set-cookie": `sid=${randomUUID()}; HttpOnly` }).end();
        },
        {
          elsewhere(request, response) {
            const form =
              '<form method="post"><input name="user"><input name="password" type="password"><button>Sign in</button></form>';
            const status = request.method === "POST" ? 422 : 200;
            response.writeHead(status, { "content-type": "text/html" }).end(`<!doctype html><h1>Sign in</h1>${form}`);
          },
        },
      ),
  },
  {
    name: "that redirects every unknown path to its documentation",
    start: (open) =>
      start(open, refuseAsUsual, {
        elsewhere(request, response) {
          if (request.url !== "/docs") return void response.writeHead(302, { location: "/docs" }).end();
          response.writeHead(200, { "content-type": "text/html" }).end("<h1>Documentation</h1><code>POST /mcp</code>");
        },
      }),
  },
  {
    name: "that answers every unknown path with its single page, and health checks with JSON",
    start: (open) =>
      start(open, refuseAsUsual, {
        elsewhere(request, response) {
          const health = request.url === "/health" || request.url === "/healthz";
          response.writeHead(200, { "content-type": health ? "application/json" : "text/html" });
          response.end(health ? '{"status":"ok","result":{}}' : '<div id="app"></div><script src="/app.js"></script>');
        },
      }),
  },
  {
    name: "that refuses with 200 and a fault of JSON-RPC",
    grade: "D",
    deserves: {
      "answers-401-without-key": "it answers 200: clients see a fault, and never ask for a key",
      "answers-401-to-wrong-key": "it answers 200 to a wrong key too",
    },
    start: (open) =>
      start(open, (_, response) => {
        const error = { code: -32_001, message: "Unauthorized: send a key" };
        response.writeHead(200, JSON_TYPE).end(JSON.stringify({ jsonrpc: "2.0", id: null, error }));
      }),
  },
  {
    name: "that answers 403 as an API gateway does",
    grade: "D",
    deserves: {
      "answers-401-without-key": "it answers 403, which tells a client that a key would not help",
      "answers-401-to-wrong-key": "it answers 403 to a wrong key too",
    },
    start: (open) =>
      start(open, (_, response) => {
        response.writeHead(403, { "content-type": "application/json", "x-amzn-errortype": "ForbiddenException" });
        response.end('{"message":"Forbidden"}');
      }),
  },
  {
    name: "that sends early hints and a cookie of its load balancer",
    start: (open) =>
      start(open, refuseAsUsual, {
        before: (_, response) => {
          response.writeEarlyHints({ link: "</app.css>; rel=preload; as=style" });
          response.setHeader("set-cookie", `AWSALB=${randomUUID()}; Path=/`);
        },
      }),
  },
  {
    name: "that publishes a server card, a stream of news and its health without a key",
    start: (open) =>
      start(open, refuseAsUsual, {
        elsewhere(request, response) {
          const [path = ""] = (request.url ?? "").split("?");
          const body = PUBLIC[path];
          if (body !== undefined) return response.writeHead(200, JSON_TYPE).end(JSON.stringify(body));
          if (path !== "/sse" && path !== "/events") return notFound(request, response);
          return response.writeHead(200, { "content-type": "text/event-stream" }).write("data: news\n\n");
        },
      }),
  },
  { name: "behind a base path", start: (open) => start(open, refuseAsUsual, { path: "/api/v2/tools/mcp" }) },
  {
    name: "at the root of its host",
    start: (open) => start(open, refuseAsUsual, { path: "/" }),
  },
];

const JSON_TYPE = { "content-type": "application/json" };

/** Documents that need no key. None of them answers a message. */
const PUBLIC: Readonly<Record<string, object>> = {
  "/health": { status: "ok", result: { status: "ok" } },
  "/.well-known/mcp": { name: "made", version: "1.0.0", tools: [{ name: "greet" }], transport: { endpoint: "/mcp" } },
  "/.well-known/mcp.json": { protocolVersion: "2026-07-28", serverInfo: { name: "made" }, capabilities: { tools: {} } },
  "/openapi.json": { openapi: "3.1.0", info: { title: "made" }, paths: { "/mcp": {} } },
};

type Refuse = (...parameters: [...Parameters<Answer>, key: string | null]) => void;

const refuseAsUsual: Refuse = (_, response, key) => {
  response.writeHead(401, { "www-authenticate": challengeFor(key) }).end();
};

function challengeFor(key: string | null): string {
  return `Bearer realm="mcp"${key === null ? "" : ', error="invalid_token", error_description="the key is not valid"'}`;
}

function start(open: boolean, refuse: Refuse, more: Omit<Site, "admit"> = {}): Promise<MadeServer> {
  const key = `pat-${randomBytes(30).toString("base64url")}`;
  const admit: Admit = (request, response) => {
    const sent = readKey(request);
    if (isSame(sent ?? "", key)) return true;
    refuse(request, response, sent);
    return false;
  };
  return startSite({ ...more, admit }, open, { key });
}
