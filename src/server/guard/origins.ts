import { isLoopbackName } from "../../core/loopback.ts";
import { formatAnswer, type Answer } from "./answer.ts";
import type { RequestView } from "./request-view.ts";

const METHODS = "GET, POST, DELETE";
/** The headers that clients of every revision of MCP send. */
const HEADERS = [
  ...["Authorization", "Content-Type", "MCP-Protocol-Version", "Mcp-Session-Id"],
  ...["Mcp-Method", "Mcp-Name", "Last-Event-ID"],
];
const EXPOSED = "WWW-Authenticate, Mcp-Session-Id";

/** What an `Origin` means for a request: headers for whatever is answered, and the answer when it ends here. */
export interface OriginRuling {
  readonly headers: Readonly<Record<string, string>>;
  readonly answer: Answer | null;
}

/** A cache must not hand an answer for one origin to another. */
const VARY = { vary: "Origin" };
const REFUSED: OriginRuling = {
  headers: VARY,
  answer: formatAnswer(403, "forbidden_origin", "This server does not take requests from pages of this origin"),
};

/**
 * Judges the `Origin` where no list was given: pages of the host that was asked pass, and those of this machine when the server
 * was asked by a name of this machine. No page is told that it may read an answer; `null` when there is nothing to do.
 */
export function judgeOwnOrigin(view: RequestView): OriginRuling | null {
  const origin = view.header("origin");
  if (origin === null || isOwn(origin, view.host ?? "")) return null;
  return REFUSED;
}

/** By name and not by port: a page that came from another port of a host could have come from this one. */
function isOwn(origin: string, host: string): boolean {
  if (!URL.canParse(origin) || !URL.canParse(`http://${host}`)) return false;
  const page = new URL(origin);
  const { hostname } = new URL(`http://${host}`);
  // Another scheme's hosts are nobody's names: chrome-extension://localhost.
  if (page.protocol !== "https:" && page.protocol !== "http:") return false;
  return page.hostname === hostname || (isLoopbackName(page.hostname) && isLoopbackName(hostname));
}

/**
 * Judges the `Origin` of requests: none passes, since only browsers send it; one that is not allowed is 403, before any
 * token is looked at; a preflight from one that is allowed is answered 204.
 * @see MCP Streamable HTTP, Security Warning; the Fetch standard, section 3.2 (CORS protocol)
 */
export function createOrigins(allowed: readonly string[], apiKeyHeader: string): (view: RequestView) => OriginRuling {
  const origins = new Set(allowed);
  const allowHeaders = [...HEADERS, ...(apiKeyHeader === "" ? [] : [apiKeyHeader])].join(", ");
  const none: OriginRuling = { headers: VARY, answer: null };

  return (view) => {
    const origin = view.header("origin");
    if (origin === null) return none;
    if (!origins.has(origin)) return REFUSED;
    const headers = { ...VARY, "access-control-allow-origin": origin };
    if (view.method !== "OPTIONS" || view.header("access-control-request-method") === null) {
      return { headers: { ...headers, "access-control-expose-headers": EXPOSED }, answer: null };
    }
    const preflight = {
      "access-control-allow-methods": METHODS,
      "access-control-allow-headers": allowHeaders + parameterHeaders(view.header("access-control-request-headers")),
    };
    return { headers, answer: { status: 204, headers: preflight, body: "" } };
  };
}

/** A tool may have its parameters sent as headers as well, under names that only its schema knows (revision 2026-07-28). */
function parameterHeaders(requested: string | null): string {
  const names = (requested ?? "").slice(0, 4096).split(",");
  return names
    .map((name) => name.trim())
    .filter((name) => /^mcp-param-[a-z0-9-]{1,64}$/i.test(name))
    .map((name) => `, ${name}`)
    .join("");
}
