/**
 * What an `Authorization` header presents. `missing`: no token at all (no header, another scheme, a bare `Bearer`).
 * @example
 * ```ts
 * import { parseBearer, type Presented } from "mcp-keys";
 *
 * const presented: Presented = parseBearer("Bearer abc");
 * if (presented.ok) console.log(presented.token.length);
 * ```
 */
export type Presented =
  { readonly ok: true; readonly token: string } | { readonly ok: false; readonly reason: "missing" | "malformed" };

const MISSING = { ok: false, reason: "missing" } as const;
const MALFORMED = { ok: false, reason: "malformed" } as const;

/** Far above any token; what is longer is not looked at. */
const TOKEN_LIMIT = 4096;

/**
 * Reads the token from the value of an `Authorization` header. The scheme is matched in any case.
 * @see RFC 6750 section 2.1 (b64token), RFC 9110 section 11.1 (case-insensitive scheme)
 * @example
 * ```ts
 * import { parseBearer } from "mcp-keys";
 *
 * parseBearer("Bearer abc"); // { ok: true, token: "abc" }
 * parseBearer("Basic abc"); // { ok: false, reason: "missing" }
 * ```
 */
export function parseBearer(header: string | null | undefined): Presented {
  if (header === null || header === undefined) return MISSING;
  if (!startsWithBearer(header)) return MISSING;
  let start = 6;
  while (header.charCodeAt(start) === 32) start++;
  if (start === header.length) return MISSING;
  if (start === 6) return header.charCodeAt(6) === 9 ? MALFORMED : MISSING;
  if (header.length - start > TOKEN_LIMIT) return MALFORMED;
  return isB64Token(header, start) ? { ok: true, token: header.slice(start) } : MALFORMED;
}

/** `X-API-Key: <token>` and other headers that hold a token without a scheme. */
export function parseBare(header: string | null | undefined): Presented {
  if (header === null || header === undefined || header === "") return MISSING;
  return header.length <= TOKEN_LIMIT && isB64Token(header, 0) ? { ok: true, token: header } : MALFORMED;
}

/** The usual slips of a configuration in a header that is malformed, told to the server's log so that somebody can mend the client. */
export function describeMalformed(value: string): string {
  if (/\$\{|\$[A-Z_]|%[A-Z_]+%|\{\{/.test(value)) return "it holds a variable that nobody filled in";
  if (/bearer.*bearer/i.test(value)) return "it holds Bearer twice";
  if (/["'`]/.test(value)) return "it holds a quotation mark";
  if (/\s\S+\s*$/.test(value.trim().replace(/^bearer\s+/i, ""))) return "it holds a blank";
  return "";
}

function startsWithBearer(header: string): boolean {
  return header.length >= 6 && (header.startsWith("Bearer") || header.slice(0, 6).toLowerCase() === "bearer");
}

/** 1 for each character that a b64token is made of. A table, since branches on random characters cost five times as much. */
const B64 = new Uint8Array(128);
for (const c of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/") B64[c.charCodeAt(0)] = 1;

/** `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="` */
function isB64Token(text: string, start: number): boolean {
  let end = text.length;
  while (end > start && text.charCodeAt(end - 1) === 61) end--;
  if (end === start) return false;
  for (let i = start; i < end; i++) {
    if (B64[text.charCodeAt(i)] !== 1) return false;
  }
  return true;
}
