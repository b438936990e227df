import type { Secret } from "../../core/secret.ts";
import type { HttpHeaders } from "../../http/http.ts";
import type { KeyHeader } from "./key-header.ts";

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
  /** Whether the headers contain no key, so that reports may show them. */
  readonly plain?: true;
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
  return { ...named, kind: "wrong", plain: true, headers: () => headers };
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
