import { isLoopbackName } from "../../core/loopback.ts";
import { formatOAuthError, type GuardResponse } from "./guard-response.ts";
import type { RequestView } from "./request-view.ts";

const METHODS = "GET, POST, DELETE";
/** The headers that MCP clients of all protocol revisions send. */
const HEADERS = [
  ...["Authorization", "Content-Type", "MCP-Protocol-Version", "Mcp-Session-Id"],
  ...["Mcp-Method", "Mcp-Name", "Last-Event-ID"],
];
const EXPOSED = "WWW-Authenticate, Mcp-Session-Id";

/** The result of an `Origin` check: headers to add to any response, and the response if the request ends here. */
export interface OriginRuling {
  readonly headers: Readonly<Record<string, string>>;
  readonly response: GuardResponse | null;
}

/** Keeps caches from serving a response for one origin to another. */
const VARY = { vary: "Origin" };
const REFUSED: OriginRuling = {
  headers: VARY,
  response: formatOAuthError(403, "forbidden_origin", "This server does not accept requests from this origin"),
};

/**
 * Checks the `Origin` of a request without an allow list. Accepts pages of the requested host, and pages of this machine if the
 * request names this machine. No page gets CORS headers, so none of another origin can read a response.
 * @returns `null` if the request may continue
 */
export function checkOwnOrigin(view: RequestView): OriginRuling | null {
  const origin = view.header("origin");
  if (origin === null || isOwn(origin, view.host ?? "")) return null;
  return REFUSED;
}

/** Compares names and ignores ports: whoever serves one port of a host could serve the other. */
function isOwn(origin: string, host: string): boolean {
  if (!URL.canParse(origin) || !URL.canParse(`http://${host}`)) return false;
  const page = new URL(origin);
  const { hostname } = new URL(`http://${host}`);
  // In other schemes the host is not a machine: chrome-extension://localhost.
  if (page.protocol !== "https:" && page.protocol !== "http:") return false;
  return page.hostname === hostname || (isLoopbackName(page.hostname) && isLoopbackName(hostname));
}

/**
 * Creates a check of `Origin` against an allow list. Requests without an `Origin` pass, since browsers always send it. Other
 * origins get 403 before the token is read. Preflights from allowed origins get 204.
 * @see MCP Streamable HTTP, Security Warning; the Fetch standard, section 3.2 (CORS protocol)
 */
export function createOriginCheck(
  allowed: readonly string[],
  apiKeyHeader: string,
): (view: RequestView) => OriginRuling {
  const origins = new Set(allowed);
  const allowHeaders = [...HEADERS, ...(apiKeyHeader === "" ? [] : [apiKeyHeader])].join(", ");
  const none: OriginRuling = { headers: VARY, response: null };

  return (view) => {
    const origin = view.header("origin");
    if (origin === null) return none;
    if (!origins.has(origin)) return REFUSED;
    const headers = { ...VARY, "access-control-allow-origin": origin };
    if (view.method !== "OPTIONS" || view.header("access-control-request-method") === null) {
      return { headers: { ...headers, "access-control-expose-headers": EXPOSED }, response: null };
    }
    const preflight = {
      "access-control-allow-methods": METHODS,
      "access-control-allow-headers": allowHeaders + parameterHeaders(view.header("access-control-request-headers")),
    };
    return { headers, response: { status: 204, headers: preflight, body: "" } };
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
