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

/** Which web pages may use a server. Only browsers send an `Origin`, so requests without one pass. */
export interface OriginRules {
  /** Headers to add to the response to a request without an `Origin`. */
  readonly headers: Readonly<Record<string, string>> | null;
  /** Checks the `Origin` of a request. Returns `null` if the request may continue. */
  check(origin: string, view: RequestView): OriginRuling | null;
}

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
 * The rules without an allow list: accept pages of the requested host, and pages of this machine if the request names this
 * machine. No page gets CORS headers, so none of another origin can read a response.
 */
export const OWN_ORIGINS: OriginRules = {
  headers: null,
  check: (origin, { host }) => (isOwn(origin, host ?? "") ? null : REFUSED),
};

/** Compares names and ignores ports: a host that serves one port controls the others. */
function isOwn(origin: string, host: string): boolean {
  if (!URL.canParse(origin) || !URL.canParse(`http://${host}`)) return false;
  const page = new URL(origin);
  const { hostname } = new URL(`http://${host}`);
  // In other schemes the host is not a machine: chrome-extension://localhost.
  if (page.protocol !== "https:" && page.protocol !== "http:") return false;
  return page.hostname === hostname || (isLoopbackName(page.hostname) && isLoopbackName(hostname));
}

/**
 * Creates the rules for an allow list. Other origins get 403 before the token is read. Preflights from allowed origins get 204.
 * @see MCP Streamable HTTP, Security Warning; the Fetch standard, section 3.2 (CORS protocol)
 */
export function allowOrigins(allowed: readonly string[], apiKeyHeader: string): OriginRules {
  const origins = new Set(allowed);
  const allowHeaders = [...HEADERS, ...(apiKeyHeader === "" ? [] : [apiKeyHeader])].join(", ");
  return {
    headers: VARY,
    check(origin, view) {
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
