import { randomBytes } from "node:crypto";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { requireBearerAuth as requireBearerAuthV1 } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, OAuthError, OAuthErrorCode, requireBearerAuth } from "@modelcontextprotocol/server";
import express, { type ErrorRequestHandler, type RequestHandler } from "express";
import { listen } from "../../servers/listen.ts";
import { createServer } from "../../servers/sdk-v2.ts";
import { startSse, startStateful, startStateless } from "../../servers/sdk-v1.ts";
import type { SdkServer } from "../../servers/sdk.ts";
import { closeAll, isFromHere, settle, type MadeServer, type Make } from "./make.ts";
import { isSame } from "./opaque.ts";

/** Both middlewares name an error to a client that sent no key. */
const deserves = { "omits-error-without-key": "requireBearerAuth answers invalid_token to a missing key" };

/** `requireBearerAuth` of both SDKs in front of each of their transports. */
export const SDK_MAKES: readonly Make[] = [
  v1("with sessions", startStateful, { unbounded: true }),
  v1("without sessions", startStateless),
  v1("over HTTP+SSE", startSse, { unbounded: true }),
  v2("for both eras", "stateless"),
  v2("for the modern era only", "reject"),
];

function v1(how: string, create: () => SdkServer, more: Pick<Make, "unbounded"> = {}): Make {
  const start = async (open: boolean): Promise<MadeServer> => {
    const key = randomKey();
    const guard = requireBearerAuthV1({
      verifier: {
        async verifyAccessToken(token) {
          if (!isSame(token, key)) throw new InvalidTokenError("unknown token");
          return authOf(token);
        },
      },
    });
    const server = create();
    const app = express();
    app.set("env", "production");
    app.use(requireThisMachine);
    if (!open) app.use(["/mcp", "/sse", "/messages"], guard);
    app.all(
      ["/mcp", "/sse", "/messages"],
      express.json(),
      settle((q, s) => server.handler(q, s, (q as { body?: unknown }).body)),
    );
    app.use(answerBadRequest);
    const running = await listen(app, server.path);
    return { url: running.url, key, tool: "add", close: closeAll(server, running) };
  };
  return { name: `of the first SDK ${how}`, grade: "A", deserves, start, ...more };
}

function v2(how: string, legacy: "stateless" | "reject"): Make {
  const start = async (open: boolean): Promise<MadeServer> => {
    const key = randomKey();
    const handler = createMcpHandler(createServer, { legacy });
    const gate = requireBearerAuth({
      verifier: {
        async verifyAccessToken(token) {
          if (!isSame(token, key)) throw new OAuthError(OAuthErrorCode.InvalidToken, "unknown token");
          return authOf(token);
        },
      },
    });
    const handle = toNodeHandler({
      async fetch(request, options) {
        if (open) return handler.fetch(request, options);
        const auth = await gate(request);
        // Other tests of this thread may have replaced the global Response.
        return "token" in auth ? handler.fetch(request, { ...options, authInfo: auth }) : auth;
      },
    });
    const running = await listen(
      settle((request, response) => {
        if (!isFromHere(request)) return response.writeHead(403).end();
        if (request.url !== "/mcp") return response.writeHead(404).end();
        return handle(request, response);
      }),
    );
    return { url: running.url, key, tool: "add", close: closeAll(handler, running) };
  };
  return { name: `of the second SDK ${how}`, grade: "A", deserves, start };
}

const requireThisMachine: RequestHandler = (request, response, next) => {
  if (isFromHere(request)) next();
  else response.sendStatus(403);
};

/** Answers a body that is no JSON. Without it, Express writes a stack trace to the console. It tells an error handler by its four parameters. */
export const answerBadRequest: ErrorRequestHandler = (_error, _request, response, _next) => {
  response.status(400).json({ jsonrpc: "2.0", id: null, error: { code: -32_700, message: "Parse error" } });
};

function authOf(token: string): { token: string; clientId: string; scopes: string[]; expiresAt: number } {
  return { token, clientId: "ci", scopes: [], expiresAt: Math.floor(Date.now() / 1000) + 3600 };
}

function randomKey(): string {
  return `sk_live_${randomBytes(24).toString("base64url")}`;
}
