import type { Secret } from "../../core/secret.ts";
import type { HttpHeaders } from "../../http/http.ts";

/** Where a server wants the key; without a scheme the header holds the key alone. */
export interface KeyHeader {
  /** In lower case. */
  readonly name: string;
  readonly scheme: string | null;
}

/** @see RFC 6750, section 2.1 */
export const BEARER: KeyHeader = { name: "authorization", scheme: "Bearer" };

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
  return { id: "key", name: "your key", kind: "right", headers: () => keyIn(header, key.reveal()) };
}

/** A well-formed key that no store knows, see `createBogus`. */
export function bogusKey(header: KeyHeader, bogus: Secret): Credentials {
  return wrongKey(header, bogus, { id: "bogus-key", name: "a bogus key" });
}

/** Another key where the server wants one. */
export function wrongKey(header: KeyHeader, key: Secret, named: Pick<Credentials, "id" | "name">): Credentials {
  return { ...named, kind: "wrong", headers: () => keyIn(header, key.reveal()) };
}

/** No key, and other headers in its place or beside it. */
export function instead(headers: HttpHeaders, named: Pick<Credentials, "id" | "name">): Credentials {
  return { ...named, kind: "wrong", headers: () => headers };
}

/** The key, but not as the server should take it. */
export function misplaced(
  put: Pick<Credentials, "query"> & Partial<Pick<Credentials, "headers">>,
  named: Pick<Credentials, "id" | "name">,
): Credentials {
  return { ...named, kind: "misplaced", headers: () => ({}), ...put };
}

/** The header that carries `text` as a key. */
export function keyIn({ name, scheme }: KeyHeader, text: string): HttpHeaders {
  return { [name]: scheme === null ? text : `${scheme} ${text}` };
}
