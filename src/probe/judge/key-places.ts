import type { HttpHeaders } from "../../http/http.ts";
import type { KeyHeader } from "../mcp/key-header.ts";
import { keyHeaders, type PresentedKey } from "../mcp/presented-key.ts";

/** Places outside the header in which some servers look for a key. */
export type KeyPlace = "query" | "cookie";

/** Place → common names of the parameter. A request carries the key under all of them. */
const NAMES: Readonly<Record<KeyPlace, readonly string[]>> = {
  query: ["access_token", "token", "api_key", "apikey", "apiKey", "api-key", "key", "auth"],
  cookie: ["access_token", "token", "api_key", "apiKey", "session", "auth", "Authorization", "jwt"],
};

/** Names a place for findings: `in the query, tried as access_token, token …`. */
export function namePlace(place: KeyPlace): string {
  return `in ${place === "query" ? "the query" : "a cookie"}, tried as ${NAMES[place].join(", ")}`;
}

/**
 * Puts a key into a place instead of the header.
 * @param reveal - Returns the key. A function, because the result may be printed.
 */
export function putKeyIn(place: KeyPlace, reveal: () => string): Pick<PresentedKey, "headers" | "query"> {
  if (place === "query") {
    return { headers: () => ({}), query: () => Object.fromEntries(NAMES.query.map((name) => [name, reveal()])) };
  }
  return { headers: () => ({ cookie: NAMES.cookie.map((name) => `${name}=${reveal()}`).join("; ") }) };
}

/**
 * Puts an operator of MongoDB into the query, where a server expects the key. Servers that read brackets as objects compare with "not
 * equal" then, and PHP compares with an array.
 */
export function putOperatorInQuery(): Pick<PresentedKey, "query"> {
  return { query: () => Object.fromEntries(NAMES.query.map((name) => [`${name}[$ne]`, "0"])) };
}

/** How to write a key into `Authorization`. */
interface WrittenForm {
  /** Completes "your key …". */
  readonly how: string;
  readonly scheme: string | null;
  readonly write: (key: string) => string;
}

const FORMS: readonly WrittenForm[] = [
  { how: "as user name and password of Basic", scheme: "Basic", write: (key) => btoa(`${key}:${key}`) },
  ...["Token", "ApiKey", "Bearer"].map((scheme) => ({ how: `after ${scheme}`, scheme, write: (key: string) => key })),
  { how: "without a scheme", scheme: null, write: (key) => key },
];

/** A key in one of the forms. */
export interface KeyForm {
  /** Completes "your key …". */
  readonly how: string;
  readonly headers: () => HttpHeaders;
}

/**
 * Returns a key in `Authorization` in every form but the one that `header` is.
 * @param reveal - Returns the key. A function, because the result may be printed.
 */
export function keyForms(header: KeyHeader, reveal: () => string): KeyForm[] {
  const isOwn = ({ scheme }: WrittenForm): boolean =>
    header.name === "authorization" && header.scheme?.toLowerCase() === scheme?.toLowerCase();
  return FORMS.filter((form) => !isOwn(form)).map(({ how, scheme, write }) => ({
    how,
    headers: () => keyHeaders({ name: "authorization", scheme }, write(reveal())),
  }));
}
