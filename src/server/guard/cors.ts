import { refuseOrigin, VARY, type OriginRules } from "./origins.ts";

const METHODS = "GET, POST, DELETE";
/** The headers that MCP clients of all protocol revisions send. */
const REQUEST_HEADERS = [
  ...["Authorization", "Content-Type", "Accept", "MCP-Protocol-Version", "Mcp-Session-Id"],
  ...["Mcp-Method", "Mcp-Name", "Last-Event-ID", "traceparent", "tracestate", "baggage"],
];
const EXPOSED = "WWW-Authenticate, Mcp-Session-Id";
/** Seconds to reuse the answer to a preflight: the most that Chrome allows. */
const MAX_AGE = "7200";

export interface CorsOptions {
  /** As browsers send them. */
  readonly allowedOrigins: readonly string[];
  /** Request headers that pages may send, in addition to those of MCP clients. */
  readonly allowedHeaders: readonly string[];
}

/**
 * Creates the rules for an allow list. Other origins get 403 before the token is read. Preflights from allowed origins get 204.
 * Never allows cookies, and never answers `*`.
 * @see the Fetch standard, section 3.2 (CORS protocol)
 */
export function allowOrigins({ allowedOrigins, allowedHeaders }: CorsOptions): OriginRules {
  const origins = new Set(allowedOrigins);
  const allowHeaders = [...REQUEST_HEADERS, ...allowedHeaders].join(", ");
  return {
    headers: VARY,
    check(origin, view) {
      if (!origins.has(origin)) {
        return refuseOrigin(origin, view.host, "if you trust this page, add its origin to allowedOrigins");
      }
      const allow = { "access-control-allow-origin": origin };
      if (view.method !== "OPTIONS" || view.header("access-control-request-method") === null) {
        return { headers: { ...VARY, ...allow, "access-control-expose-headers": EXPOSED }, response: null };
      }
      const headers = {
        ...allow,
        vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        "access-control-allow-methods": METHODS,
        "access-control-allow-headers": allowHeaders + parameterHeaders(view.header("access-control-request-headers")),
        "access-control-max-age": MAX_AGE,
      };
      return { headers, response: { status: 204, headers: {}, body: "" } };
    },
  };
}

/** Allows `Mcp-Param-*`: tool parameters sent as headers, named by the tool's schema (protocol revision 2026-07-28). */
function parameterHeaders(requested: string | null): string {
  const names = (requested ?? "").slice(0, 4096).split(",");
  return names
    .map((name) => name.trim())
    .filter((name) => /^mcp-param-[a-z0-9-]{1,64}$/i.test(name))
    .map((name) => `, ${name}`)
    .join("");
}
