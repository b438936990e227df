import { formatOAuthError, type GuardResponse } from "./guard-response.ts";
import type { OwnHosts } from "./own-hosts.ts";
import type { RequestView } from "./request-view.ts";

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
  /** Why the request was refused, and which option to set, for the server's log. */
  readonly why?: string;
}

/** Keeps caches from serving a response for one origin to another. */
export const VARY = { vary: "Origin" };

const FORBIDDEN = formatOAuthError(403, "forbidden_origin", "This server does not accept requests from this origin");

export function refuseOrigin(origin: string, host: string | null, advice: string): OriginRuling {
  const why = `Origin ${quote(origin)}, Host ${quote(host ?? "")}: ${advice}`;
  return { headers: VARY, response: FORBIDDEN, why };
}

/**
 * Creates the rules without an allow list: accept the server's own pages. No page gets CORS headers, so none of another origin
 * can read a response.
 * @see MCP Streamable HTTP, Security Warning (DNS rebinding)
 */
export function ownOrigins(hosts: OwnHosts): OriginRules {
  return {
    headers: null,
    check(origin, { host }) {
      if (hosts.isOwnPage(origin, host)) return null;
      const advice = hosts.isKnown(host)
        ? "if you trust this page, add its origin to allowedOrigins"
        : "if this host is your server, add its name to allowedHosts or set audience";
      return refuseOrigin(origin, host, advice);
    },
  };
}

/** Quotes a header for the log. */
function quote(value: string): string {
  return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
}
