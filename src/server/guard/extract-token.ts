import { describeMalformed, parseBare, parseBearer } from "../../core/authorization.ts";
import { parseToken } from "../../core/token.ts";

/** Where a token may stand in a request. */
export interface TokenPlaces {
  /** The `Authorization` header, several joined by `, `; `null` when there is none. */
  readonly authorization: string | null;
  /** The header for bare tokens, likewise. */
  readonly apiKey: string | null;
  /** What stands behind the `?` of the URL, as sent. */
  readonly query: string;
}

/** The token of a request, or why there is none to check. `why` is for the server's log and quotes nothing. */
export type Presentation =
  | { readonly ok: true; readonly token: string }
  | { readonly ok: false; readonly denial: "missing" | "malformed" | "ambiguous"; readonly why: string };

const NO_TOKEN = { ok: false, denial: "missing", why: "" } as const;

/** Whether a token can stand in one place only, and once: what the verifier reads there is all there is to know. */
export function isOneHeader({ authorization, apiKey, query }: TokenPlaces): boolean {
  return apiKey === null && query === "" && authorization?.includes(",") !== true;
}

/**
 * Finds the one token of a request. Two are refused, wherever they stand: which of them was checked would depend on who
 * looks. @see RFC 6750 section 2 (one method per request), MCP authorization (no token in the query)
 * @param acceptsApiKey - whether the header for bare tokens counts
 */
export function presentToken({ authorization, apiKey, query }: TokenPlaces, acceptsApiKey: boolean): Presentation {
  const bearer = parseBearer(authorization);
  const bare = parseBare(acceptsApiKey ? apiKey : null);
  const inQuery = query !== "" && holdsToken(query);
  const sent = [bearer, bare].filter((presented) => presented.ok || presented.reason === "malformed");
  if (holdsSeveral(authorization)) return ambiguous("several Authorization headers, or several tokens in one");
  if (acceptsApiKey && apiKey?.includes(",") === true) return ambiguous("several API key headers");
  if (sent.length > 1) return ambiguous("a token in Authorization and one in the API key header");
  if (sent.length > 0 && inQuery) return ambiguous("a token in a header and one in the URL");
  if (bearer.ok) return bearer;
  if (bare.ok) return bare;
  if (bearer.reason === "malformed") return malformed(authorization);
  if (bare.reason === "malformed") return malformed(apiKey);
  if (inQuery) return missing("a token in the URL is not read, for URLs end up in logs: send Authorization: Bearer");
  return apiKey === null || acceptsApiKey ? NO_TOKEN : missing("X-API-Key was sent, which is not turned on here");
}

function missing(why: string): Presentation {
  return { ok: false, denial: "missing", why };
}

function malformed(value: string | null): Presentation {
  return { ok: false, denial: "malformed", why: describeMalformed(value ?? "") };
}

function ambiguous(why: string): Presentation {
  return { ok: false, denial: "ambiguous", why };
}

/** Whether a header was made of several, at least one of them for `Bearer`. `Digest a="b", c="d"` is one header. */
function holdsSeveral(authorization: string | null): boolean {
  if (authorization?.includes(",") !== true) return false;
  const parts = authorization
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  return parts.length > 1 && parts.some((part) => /^bearer(?:[ \t]|$)/i.test(part));
}

/** Under the name that RFC 6750 gives it, or because it is plainly one of ours. */
function holdsToken(query: string): boolean {
  for (const [name, value] of new URLSearchParams(query)) {
    const parsed = parseToken(value);
    if (parsed.ok || parsed.reason === "mistyped" || (name === "access_token" && value !== "")) return true;
  }
  return false;
}
