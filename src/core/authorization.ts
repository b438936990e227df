/** What an `Authorization` header presents. `missing`: no token at all (no header, another scheme, a bare `Bearer`). */
export type Presented =
  { readonly ok: true; readonly token: string } | { readonly ok: false; readonly reason: "missing" | "malformed" };

const MISSING = { ok: false, reason: "missing" } as const;
const MALFORMED = { ok: false, reason: "malformed" } as const;

/** Far above any token; what is longer is not looked at. */
const TOKEN_LIMIT = 4096;

/**
 * Reads the token from the value of an `Authorization` header. The scheme is matched in any case.
 * @see RFC 6750 section 2.1 (b64token), RFC 9110 section 11.1 (case-insensitive scheme)
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

function startsWithBearer(header: string): boolean {
  return header.length >= 6 && (header.startsWith("Bearer") || header.slice(0, 6).toLowerCase() === "bearer");
}

/** `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="` */
function isB64Token(text: string, start: number): boolean {
  let end = text.length;
  while (end > start && text.charCodeAt(end - 1) === 61) end--;
  if (end === start) return false;
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i);
    const plain = (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122);
    if (!plain && c !== 95 && c !== 45 && c !== 46 && c !== 47 && c !== 126 && c !== 43) return false;
  }
  return true;
}
