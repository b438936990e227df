import { headerOf } from "../../http/http.ts";
import type { McpAnswer } from "../mcp/wire.ts";

/**
 * What a server seems to be made with.
 * @example
 * ```ts
 * import type { ServerFramework } from "mcp-keys";
 *
 * const isPython = (framework: ServerFramework): boolean => framework === "starlette";
 * ```
 */
export type ServerFramework = keyof typeof FRAMEWORKS;

interface FrameworkTraits {
  /** Completes "In …". */
  readonly name: string;
  /** Recognizes its headers, as `name: value` lines. */
  readonly headers?: RegExp;
  /** Recognizes the body of its own error pages. */
  readonly errors?: RegExp;
  /** Code that requires a key for every request. */
  readonly code: string;
}

const VERIFIER = "const verifier = await createVerifier({ store: await openStore() });";

/** The first that matches is chosen. */
export const FRAMEWORKS = {
  fastify: {
    name: "Fastify",
    errors: /^\{"(?:message":"Route |statusCode":\d{3},"code":"FST_|statusCode":\d{3},"error":)/,
    code: `import { createVerifier, guardFastify, openStore } from "mcp-keys";\n\n${VERIFIER}\nawait app.register(guardFastify, { verifier }); // before the routes`,
  },
  next: {
    name: "Next.js",
    headers: /^x-powered-by: next\.js/im,
    code: `import { createVerifier, guardFetch, openStore } from "mcp-keys";\n\nconst guard = guardFetch(await createVerifier({ store: await openStore() }));\nexport const POST = (request) => guard(request, handle); // and GET and DELETE, in the route itself`,
  },
  express: {
    name: "Express",
    headers: /^x-powered-by: express/im,
    errors: /<pre>Cannot (?:GET|POST|DELETE|PUT|OPTIONS) /,
    code: `import { createVerifier, guardNode, openStore } from "mcp-keys";\n\n${VERIFIER}\napp.use(guardNode(verifier)); // before every route and router`,
  },
  hono: {
    name: "Hono",
    errors: /^404 Not Found$/,
    code: `import { createVerifier, guardFetch, openStore } from "mcp-keys";\n\nconst guard = guardFetch(await createVerifier({ store: await openStore() }));\napp.all("/mcp", (c) => guard(c.req.raw, (request, authInfo) => handler.fetch(request, { authInfo })));`,
  },
  starlette: {
    name: "Starlette or FastAPI",
    headers: /^server: (?:uvicorn|hypercorn|daphne)/im,
    errors: /^\{"detail":"/,
    code: `class RequireKey:  # ASGI middleware: app.add_middleware(RequireKey)\n    def __init__(self, app):\n        self.app = app\n\n    async def __call__(self, scope, receive, send):\n        if scope["type"] == "http" and not is_valid(Headers(scope=scope).get("authorization", "")):\n            challenge = {"WWW-Authenticate": "Bearer"}\n            return await JSONResponse({"error": "invalid_token"}, 401, challenge)(scope, receive, send)\n        await self.app(scope, receive, send)`,
  },
  go: {
    name: "Go (net/http)",
    errors: /^404 page not found$/,
    code: `handler = auth.RequireBearerToken(verify, nil)(handler) // github.com/modelcontextprotocol/go-sdk/auth\nhttp.ListenAndServe(addr, handler)                      // around the mux, not around one of its paths`,
  },
  node: {
    name: "Node.js",
    code: `import { createVerifier, guardNode, openStore } from "mcp-keys";\n\nconst guard = guardNode(await createVerifier({ store: await openStore() }));\ncreateServer((request, response) => guard(request, response, () => handle(request, response)));`,
  },
} as const satisfies Record<string, FrameworkTraits>;

/** Guesses the framework from headers and error pages. `null` if nothing tells. */
export function guessFramework(answers: readonly Pick<McpAnswer, "headers" | "excerpt">[]): ServerFramework | null {
  const told = (traits: FrameworkTraits): boolean =>
    answers.some((answer) => {
      const lines = ["server", "x-powered-by"].map((name) => `${name}: ${headerOf(answer, name) ?? ""}`).join("\n");
      return traits.headers?.test(lines) === true || traits.errors?.test(answer.excerpt.trim()) === true;
    });
  const names = Object.keys(FRAMEWORKS) as ServerFramework[];
  return names.find((name) => told(FRAMEWORKS[name])) ?? null;
}
