import { containsToken } from "../../core/find-token.ts";
import { estimateBits } from "../../core/opaque.ts";
import { KeysError } from "../../errors.ts";

/** The header that carries the key. Without a scheme, its value is the key alone. */
export interface KeyHeader {
  /** Lowercase. */
  readonly name: string;
  readonly scheme: string | null;
}

/** @see RFC 6750, section 2.1 */
export const BEARER: KeyHeader = { name: "authorization", scheme: "Bearer" };

const NAME = /^[\w!#$%&'*+.^`|~-]{1,100}$/;
/** Headers with another meaning in HTTP or MCP, or that every request already has. */
const RESERVED =
  /^(?:accept|connection|content-|cookie|expect|host|keep-alive|mcp-|origin|proxy-|te$|trailer|transfer-|upgrade|user-agent)/;

/** Words with a number at most at their end, such as `AWS4-HMAC-SHA256`. Most passwords are none. */
const SCHEME = /^(?=.{1,40}$)[A-Za-z]+\d{0,3}(?:[-_.](?:[A-Za-z]+\d{0,3}|\d{1,3}))*$/;

/** A word this long with this many random bits is a secret rather than a name. */
const SECRET = { length: 16, bits: 64 };

/**
 * Parses the header that carries the key: `X-API-Key` or `Authorization:` for the key alone, `X-Proxy-Auth: Bearer` for a scheme
 * before it. `Authorization` without a colon is refused, because it could mean either. Errors do not quote the text.
 * @throws {@link KeysError} `USAGE`; `TOKEN_MISPLACED` if it contains a key, or anything after the scheme
 */
export function parseKeyHeader(text: string): KeyHeader {
  const { name, colon, scheme } = splitHeader(text);
  if (containsToken(text) || text.split(/[\s:]+/).some(looksSecret)) throw misplaced("the header contains a token");
  if (/\s/.test(scheme)) throw misplaced("something follows the header's scheme");
  if (!NAME.test(name) || RESERVED.test(name) || (scheme !== "" && !SCHEME.test(scheme))) {
    throw new KeysError("USAGE", "that header cannot carry a key", {
      hint: "write its name, such as X-API-Key, or a scheme too, such as 'X-Proxy-Auth: Bearer'; the key itself does not belong here",
    });
  }
  if (name !== BEARER.name) return { name, scheme: scheme === "" ? null : scheme };
  if (!colon) {
    throw new KeysError("USAGE", "Authorization alone could mean the key with a scheme or without one", {
      hint: "write 'Authorization: Bearer', which is the default, or 'Authorization:' for the key alone",
    });
  }
  if (scheme.toLowerCase() === "bearer") return BEARER;
  return { name, scheme: scheme === "" ? null : scheme };
}

/** Writes a header as {@link parseKeyHeader} reads it. */
export function formatKeyHeader({ name, scheme }: KeyHeader): string {
  if (scheme !== null) return `${name}: ${scheme}`;
  return name === BEARER.name ? `${name}:` : name;
}

/** Writes a header as documentation does: `X-API-Key`. */
export function displayKeyHeader(header: KeyHeader): string {
  const [name = "", ...rest] = formatKeyHeader(header).split(":");
  const words = name.replace(/(?<=^|-)[a-z]/g, (letter) => letter.toUpperCase());
  return [words.replace(/(?<=^|-)(?:Api|Mcp)(?=-|$)/g, (word) => word.toUpperCase()), ...rest].join(":");
}

function splitHeader(text: string): { name: string; colon: boolean; scheme: string } {
  const [, name = "", colon, scheme = ""] = /^\s*([^:]*?)\s*(?:(:)\s*(.*?)\s*)?$/s.exec(text) ?? [];
  return { name: name.toLowerCase(), colon: colon !== undefined, scheme };
}

function misplaced(message: string): KeysError {
  return new KeysError("TOKEN_MISPLACED", message, {
    hint: "write only the name and the scheme, such as X-API-Key or 'X-Proxy-Auth: Bearer'; the token is added when it is sent; if others could see one here, replace it with: mcp-keys rotate <key>",
  });
}

/** Tells random letters and digits from the words of a header. Header names do not depend on case. */
function looksSecret(word: string): boolean {
  const parts = [word, ...word.split(/[-_.]/)].filter((part, i) => i > 0 || UUID.test(part));
  return parts.some((part) => part.length >= SECRET.length && estimateBits(part.toLowerCase()) >= SECRET.bits);
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
