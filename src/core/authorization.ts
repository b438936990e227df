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

/** The most characters of a token in a header. Longer values are not examined. */
export const TOKEN_LIMIT = 4096;
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

/** Describes the usual mistakes in a malformed header, for the server's log. Never quotes the value. */
export function describeMalformed(value: string): string {
  const token = value.trim().replace(/^bearer\s+/i, "");
  if (/\$\{|\$[A-Z_]|%[A-Z_]+%|\{\{/.test(value)) return "it contains an unexpanded variable";
  if (/bearer.*bearer/i.test(value)) return "it contains Bearer twice";
  if (/["'`]/.test(value)) return "it contains a quotation mark";
  if (/^bearer\t/i.test(value)) return "a tab follows Bearer instead of a space";
  if (/\s\S/.test(token)) return "it contains a space";
  if (value.length > TOKEN_LIMIT) return `it is longer than ${TOKEN_LIMIT} characters`;
  return "it contains a character that no token has";
}

/** Schemes that are safe to repeat. Any other word may be half a token. */
const SCHEMES = ["Basic", "Digest", "Token", "ApiKey", "Api-Key", "Key", "JWT", "OAuth", "DPoP", "Negotiate", "NTLM"];

/**
 * Describes why an `Authorization` header has no bearer token, for the server's log. Never quotes the value.
 * @returns `""` if there is no such header
 */
export function describeNotBearer(value: string | null | undefined): string {
  if (value === null || value === undefined) return "";
  const [first = "", ...others] = value.trim().split(/\s+/);
  if (first === "") return "the Authorization header is empty";
  if (/^bearer$/i.test(first)) return "Authorization has the word Bearer and no token";
  const scheme = SCHEMES.find((each) => each.toLowerCase() === first.toLowerCase().replace(/:$/, ""));
  if (scheme !== undefined) return `Authorization has the scheme ${scheme} instead of Bearer`;
  if (/^["'`]/.test(first)) return "Authorization starts with a quotation mark";
  if (/^authorization:/i.test(first)) return "Authorization repeats its own name";
  if (/^bearer[^\w.~+/-]/i.test(first)) return "Bearer is followed by another character than a space";
  if (/^bearer/i.test(first)) return "Authorization has no space after Bearer";
  return others.length === 0
    ? "Authorization has one word, and Bearer in front of it is missing"
    : "Authorization has another scheme than Bearer";
}
