import type { PresentedKey } from "../mcp/presented-key.ts";

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

/** Forms of a key in `Authorization` other than after `Bearer` → how to write the header value. */
const FORMS: Readonly<Record<string, (key: string) => string>> = {
  "as the user name of Basic": (key) => `Basic ${btoa(`${key}:`)}`,
  "as the password of Basic": (key) => `Basic ${btoa(`mcp-keys:${key}`)}`,
  "after Token": (key) => `Token ${key}`,
  "after ApiKey": (key) => `ApiKey ${key}`,
  "without a scheme": (key) => key,
};

/** A key in one of the forms. */
export interface KeyForm {
  /** Completes "your key …". */
  readonly how: string;
  readonly headers: () => { readonly authorization: string };
}

/**
 * Returns a key in every form but the correct one.
 * @param reveal - Returns the key. A function, because the result may be printed.
 */
export function keyForms(reveal: () => string): KeyForm[] {
  return Object.entries(FORMS).map(([how, write]) => ({ how, headers: () => ({ authorization: write(reveal()) }) }));
}
