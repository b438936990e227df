/**
 * The result of {@link parseBearer}. `missing`: no token at all (no header, another scheme, a bare `Bearer`).
 * @example
 * ```ts
 * import { parseBearer, type ParsedHeader } from "mcp-keys";
 *
 * const parsed: ParsedHeader = parseBearer("Bearer abc");
 * if (parsed.ok) console.log(parsed.token.length);
 * ```
 */
export type ParsedHeader =
  { readonly ok: true; readonly token: string } | { readonly ok: false; readonly reason: "missing" | "malformed" };

const MISSING = Object.freeze({ ok: false, reason: "missing" });
const MALFORMED = Object.freeze({ ok: false, reason: "malformed" });

/** Far above any token; longer values are not examined. */
const TOKEN_LIMIT = 4096;
const B64_TOKEN = /^[\w.~+/-]+=*$/;
/** A tab after the scheme is a malformed header, not another scheme. */
const BEARER = /^bearer(?: +|(?=\t)|$)/i;

/**
 * Parses the value of an `Authorization` header. The scheme matches in any case.
 * @returns the token, not yet verified, or the reason for its absence
 * @see RFC 6750 section 2.1 (b64token), RFC 9110 section 11.1 (case-insensitive scheme)
 * @example
 * ```ts
 * import { parseBearer } from "mcp-keys";
 *
 * parseBearer("Bearer abc"); // { ok: true, token: "abc" }
 * parseBearer("Basic abc"); // { ok: false, reason: "missing" }
 * ```
 */
export function parseBearer(header: string | null | undefined): ParsedHeader {
  const scheme = BEARER.exec(header ?? "")?.[0];
  return header === null || header === undefined || scheme === undefined
    ? MISSING
    : parseBare(header.slice(scheme.length));
}

/** Parses a header that contains a token without a scheme, such as `X-API-Key`. */
export function parseBare(header: string | null | undefined): ParsedHeader {
  if (header === null || header === undefined || header === "") return MISSING;
  return header.length <= TOKEN_LIMIT && B64_TOKEN.test(header) ? { ok: true, token: header } : MALFORMED;
}

/** Describes the usual mistakes in a malformed header, for the server's log. */
export function describeMalformed(value: string): string {
  if (/\$\{|\$[A-Z_]|%[A-Z_]+%|\{\{/.test(value)) return "it contains an unexpanded variable";
  if (/bearer.*bearer/i.test(value)) return "it contains Bearer twice";
  if (/["'`]/.test(value)) return "it contains a quotation mark";
  if (/\s\S+\s*$/.test(value.trim().replace(/^bearer\s+/i, ""))) return "it contains a space";
  return "";
}
