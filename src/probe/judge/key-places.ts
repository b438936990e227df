import type { Credentials } from "../mcp/credentials.ts";

/** Where some servers look for a key beside the header. */
export type KeyPlace = "query" | "cookie";

/** Place → names under which a key is looked for there; a request carries it under all of them. */
const NAMES: Readonly<Record<KeyPlace, readonly string[]>> = {
  query: ["access_token", "token", "api_key", "apikey", "apiKey", "api-key", "key", "auth"],
  cookie: ["access_token", "token", "api_key", "apiKey", "session", "auth", "Authorization", "jwt"],
};

/** `in the query, tried as access_token, token …` */
export function namePlace(place: KeyPlace): string {
  return `in ${place === "query" ? "the query" : "a cookie"}, tried as ${NAMES[place].join(", ")}`;
}

/** What puts a key there. @param reveal - the key */
export function putKeyIn(place: KeyPlace, reveal: () => string): Pick<Credentials, "headers" | "query"> {
  if (place === "query") {
    return { headers: () => ({}), query: () => Object.fromEntries(NAMES.query.map((name) => [name, reveal()])) };
  }
  return { headers: () => ({ cookie: NAMES.cookie.map((name) => `${name}=${reveal()}`).join("; ") }) };
}
