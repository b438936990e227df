import type { HttpHeaders, HttpInit } from "../../http/http.ts";

/**
 * Another way to send a message that stays the same to some server. A guard may miss the message and the handler still find it. The name
 * completes "accepted with no key and …".
 */
export interface Variation {
  /** Unique in a run: `the method PUT`, `X-Internal: true`. Contains no secret. */
  readonly name: string;
  readonly method?: string;
  /** The request target, sent unchanged. */
  readonly path?: string;
  /** A parameter to add to the query. */
  readonly query?: string;
  /** Headers to set; `null` leaves one out. A session id from the server is kept. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** Rewrites the body, which is one JSON-RPC message. */
  readonly body?: (json: string) => string | Uint8Array;
  /** Whether `body` can be applied after that of another variation which composes too. */
  readonly composes?: true;
  readonly version?: HttpInit["version"];
  /** Sends the message with the valid key first on the same connection. */
  readonly reuse?: "waiting" | "pipelined";
  /** The era to speak, if not the newest. */
  readonly era?: "modern" | "legacy" | "sse";
  /** Whether it is not sent together with others, because servers answer it before they look at the rest. */
  readonly alone?: true;
}

/** Headers whose values can be joined, and what joins them. */
export const JOINED: Readonly<Record<string, string | undefined>> = { "user-agent": " ", cookie: "; " };

/** Combines variations that `pack` put together. */
export function combine(variations: readonly Variation[]): Variation {
  const headers: Record<string, string | null> = {};
  for (const [name, value] of variations.flatMap((each) => Object.entries(each.headers ?? {}))) {
    const before = headers[name];
    headers[name] = typeof before === "string" && value !== null ? `${before}${JOINED[name] ?? ""}${value}` : value;
  }
  const name = variations.map((each) => each.name).join(" + ");
  const bodies = variations.map(({ body }) => body).filter((body) => body !== undefined);
  const body = bodies.length === 0 ? undefined : (json: string): string | Uint8Array => compose(bodies, json);
  const queries = variations.flatMap(({ query }) => query ?? []);
  // A URL that ends like that of a file may be let through.
  const [files, others] = [queries.filter((one) => /[./]/.test(one)), queries.filter((one) => !/[./]/.test(one))];
  const query = queries.length === 0 ? undefined : [...others, ...files].join("&");
  return Object.assign({}, ...variations, { headers, name, body, query }) as Variation;
}

function compose(bodies: readonly NonNullable<Variation["body"]>[], json: string): string | Uint8Array {
  return bodies.reduce((text: string | Uint8Array, body) => (typeof text === "string" ? body(text) : text), json);
}

/** Varies a request that is about to be sent. */
export function vary<T extends Pick<HttpInit, "url" | "path" | "method" | "headers" | "body">>(
  init: T,
  { method, path, query, headers = {}, body, version }: Variation,
): T & Pick<HttpInit, "version" | "omitHost"> {
  const target = path ?? init.path ?? init.url.pathname + init.url.search;
  const json = init.body;
  return {
    ...init,
    method: method ?? init.method,
    path: query === undefined ? target : `${target}${target.includes("?") ? "&" : "?"}${query}`,
    headers: varyHeaders(init.headers, headers),
    body: typeof json === "string" && body !== undefined ? body(json) : json,
    version,
    omitHost: headers["host"] === null,
  };
}

function varyHeaders(headers: HttpHeaders, changes: Readonly<Record<string, string | null>>): HttpHeaders {
  const varied: Record<string, string | readonly string[]> = { ...headers };
  for (const [name, value] of Object.entries(changes)) {
    if (name === "mcp-session-id" && name in headers) continue;
    if (value === null) Reflect.deleteProperty(varied, name);
    else varied[name] = value;
  }
  return varied;
}
