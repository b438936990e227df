import { describeMalformed, describeNotBearer, parseBare, parseBearer } from "../../core/authorization.ts";
import { parseToken } from "../../core/token.ts";

/** The places in a request that may contain a token. */
export interface TokenPlaces {
  /** The `Authorization` header, several joined by `, `; `null` if there is none. */
  readonly authorization: string | null;
  /** The header for bare tokens, in the same form. */
  readonly apiKey: string | null;
  /** The query of the URL, as sent. */
  readonly query: string;
}

/** The token of a request, or the reason to refuse the request. `why` is for the server's log and never quotes the token. */
export type ExtractedToken =
  | { readonly ok: true; readonly token: string }
  | { readonly ok: false; readonly denial: "missing" | "malformed" | "ambiguous"; readonly why: string };

/**
 * Finds the one token of a request. Two tokens are refused, even in different places: otherwise the guard might check one and the
 * server use the other.
 * @param acceptsApiKey - whether the header for bare tokens counts
 * @see RFC 6750 section 2 (one method per request), MCP authorization (no token in the query)
 */
export function extractToken({ authorization, apiKey, query }: TokenPlaces, acceptsApiKey: boolean): ExtractedToken {
  const bearer = parseBearer(authorization);
  const bare = parseBare(acceptsApiKey ? apiKey : null);
  const inQuery = query !== "" && hasToken(query);
  const sent = [bearer, bare].filter((parsed) => parsed.ok || parsed.reason === "malformed");
  if (isList(authorization)) return ambiguous("several Authorization headers, or several tokens in one");
  if (acceptsApiKey && apiKey?.includes(",") === true) return ambiguous("several API key headers");
  if (sent.length > 1) return ambiguous("a token in Authorization and another in the API key header");
  if (sent.length > 0 && inQuery) return ambiguous("a token in a header and another in the URL");
  if (bearer.ok) return bearer;
  if (bare.ok) return bare;
  if (bearer.reason === "malformed") return malformed(authorization);
  if (bare.reason === "malformed") return malformed(apiKey);
  const reasons = [
    describeNotBearer(authorization),
    inQuery ? "tokens in the URL are ignored, because URLs end up in logs: send Authorization: Bearer" : "",
    apiKey === null
      ? ""
      : acceptsApiKey
        ? "the API key header is empty"
        : "X-API-Key was sent, but apiKeyHeader is not set",
  ];
  return missing(reasons.filter((reason) => reason !== "").join("; "));
}

function missing(why: string): ExtractedToken {
  return { ok: false, denial: "missing", why };
}

function malformed(value: string | null): ExtractedToken {
  return { ok: false, denial: "malformed", why: describeMalformed(value ?? "") };
}

function ambiguous(why: string): ExtractedToken {
  return { ok: false, denial: "ambiguous", why };
}

/** Tests whether a header was joined from several, one of them `Bearer`. `Digest a="b", c="d"` is one header. */
function isList(authorization: string | null): boolean {
  if (authorization?.includes(",") !== true) return false;
  const parts = authorization
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  return parts.length > 1 && parts.some((part) => /^bearer(?:[ \t]|$)/i.test(part));
}

/** Tests for the parameter that RFC 6750 names, or any value in our token format. */
function hasToken(query: string): boolean {
  for (const [name, value] of new URLSearchParams(query)) {
    const parsed = parseToken(value);
    if (parsed.ok || parsed.reason === "mistyped" || (name === "access_token" && value !== "")) return true;
  }
  return false;
}
