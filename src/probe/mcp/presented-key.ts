import type { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";
import type { HttpHeaders } from "../../http/http.ts";

/** The header that carries the key. Without a scheme, its value is the key alone. */
export interface KeyHeader {
  /** Lowercase. */
  readonly name: string;
  readonly scheme: string | null;
}

/** @see RFC 6750, section 2.1 */
export const BEARER: KeyHeader = { name: "authorization", scheme: "Bearer" };

/** Headers with another meaning in HTTP or MCP, or that every request already has. */
const RESERVED =
  /^(?:accept|connection|content-|cookie|expect|host|mcp-|origin|proxy-|te$|trailer|transfer-|upgrade|user-agent)/;

/**
 * Parses the header that carries the key: `X-API-Key` holds the key alone, `Authorization: ApiKey` sets another scheme.
 * @throws {@link KeysError} `USAGE`
 */
export function parseKeyHeader(text: string): KeyHeader {
  const [, scheme = null] = /^authorization: ?([\w.~-]{1,40})$/i.exec(text) ?? [];
  if (scheme !== null) return scheme.toLowerCase() === "bearer" ? BEARER : { name: "authorization", scheme };
  const name = text.toLowerCase();
  if (/^[\w!#$%&'*+.^`|~-]{1,100}$/.test(name) && !RESERVED.test(name)) return { name, scheme: null };
  throw new KeysError("USAGE", "that header cannot carry a key", {
    hint: "write its name only, such as X-API-Key, or 'Authorization: ApiKey' for another scheme; the key itself does not belong here",
  });
}

/**
 * The key in one request, or none. `valid`: the valid key in its header · `misplaced`: the valid key elsewhere · `wrong`: no key, or one
 * that the server should not accept.
 */
export interface PresentedKey {
  /** Identifies the key in a run. Answers to the same id are shared. */
  readonly id: string;
  /** Completes "accepted with …". Contains no secret. */
  readonly name: string;
  readonly kind: "valid" | "misplaced" | "wrong";
  /** A function, because the object may be printed. */
  readonly headers: () => HttpHeaders;
  /** Parameters to add to the query of the URL. */
  readonly query?: () => Readonly<Record<string, string>>;
}

/** Presents no key. */
export const NOTHING: PresentedKey = { id: "nothing", name: "no key", kind: "wrong", headers: () => ({}) };

/** Presents the valid key. */
export function validKey(header: KeyHeader, key: Secret): PresentedKey {
  return { id: "key", name: "your key", kind: "valid", headers: () => keyHeaders(header, key.reveal()) };
}

/** Presents a bogus key, see `createBogusKey`. */
export function bogusKey(header: KeyHeader, bogus: Secret): PresentedKey {
  return wrongKey(header, bogus, { id: "bogus-key", name: "a bogus key" });
}

/** Presents another key in the header of the valid one. */
export function wrongKey(header: KeyHeader, key: Secret, named: Pick<PresentedKey, "id" | "name">): PresentedKey {
  return { ...named, kind: "wrong", headers: () => keyHeaders(header, key.reveal()) };
}

/** Presents no key, but other headers. */
export function otherHeaders(headers: HttpHeaders, named: Pick<PresentedKey, "id" | "name">): PresentedKey {
  return { ...named, kind: "wrong", headers: () => headers };
}

/** Presents the valid key where the server should not look for it. */
export function misplacedKey(
  put: Pick<PresentedKey, "query"> & Partial<Pick<PresentedKey, "headers">>,
  named: Pick<PresentedKey, "id" | "name">,
): PresentedKey {
  return { ...named, kind: "misplaced", headers: () => ({}), ...put };
}

/** Returns the header with `text` as the key. */
export function keyHeaders({ name, scheme }: KeyHeader, text: string): HttpHeaders {
  return { [name]: scheme === null ? text : `${scheme} ${text}` };
}
