import type { Secret } from "../../core/secret.ts";
import { KeysError } from "../../errors.ts";
import type { HttpHeaders } from "../../http/http.ts";

/** Where a server wants the key; without a scheme the header holds the key alone. */
export interface KeyHeader {
  /** In lower case. */
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
 * What one request presents. `right`: the key where the server wants it · `misplaced`: the key, but not as the server should
 * take it · `wrong`: nothing that a server should know.
 */
export interface Credentials {
  /** Names it among all that a run presents; those with the same id are asked once. */
  readonly id: string;
  /** Completes "let in with …". Holds no secret. */
  readonly name: string;
  readonly kind: "right" | "misplaced" | "wrong";
  /** A function, so that nothing that prints this object prints a secret. */
  readonly headers: () => HttpHeaders;
  /** What is added to the query of the URL. */
  readonly query?: () => Readonly<Record<string, string>>;
}

/** A request that presents nothing. */
export const NOTHING: Credentials = { id: "nothing", name: "no key", kind: "wrong", headers: () => ({}) };

/** The key where the server wants it. */
export function rightKey(header: KeyHeader, key: Secret): Credentials {
  return { id: "key", name: "your key", kind: "right", headers: () => keyHeaders(header, key.reveal()) };
}

/** A well-formed key that no store knows, see `createBogus`. */
export function bogusKey(header: KeyHeader, bogus: Secret): Credentials {
  return wrongKey(header, bogus, { id: "bogus-key", name: "a bogus key" });
}

/** Another key where the server wants one. */
export function wrongKey(header: KeyHeader, key: Secret, named: Pick<Credentials, "id" | "name">): Credentials {
  return { ...named, kind: "wrong", headers: () => keyHeaders(header, key.reveal()) };
}

/** No key, and other headers in its place or beside it. */
export function otherHeaders(headers: HttpHeaders, named: Pick<Credentials, "id" | "name">): Credentials {
  return { ...named, kind: "wrong", headers: () => headers };
}

/** The key, but not as the server should take it. */
export function misplacedKey(
  put: Pick<Credentials, "query"> & Partial<Pick<Credentials, "headers">>,
  named: Pick<Credentials, "id" | "name">,
): Credentials {
  return { ...named, kind: "misplaced", headers: () => ({}), ...put };
}

/** The header that carries `text` as a key. */
export function keyHeaders({ name, scheme }: KeyHeader, text: string): HttpHeaders {
  return { [name]: scheme === null ? text : `${scheme} ${text}` };
}
