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
const JOINED: Readonly<Record<string, string | undefined>> = { "user-agent": " ", cookie: "; " };

/** Combines variations that do not {@link conflict}. */
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

/** Returns whether two variations cannot be sent in one request. */
export function conflict(a: Variation, b: Variation): boolean {
  if (a.alone === true || b.alone === true || a.era !== b.era) return true;
  if (Object.keys(a.headers ?? {}).some((name) => name in (b.headers ?? {}) && JOINED[name] === undefined)) return true;
  if (a.body !== undefined && b.body !== undefined && !(a.composes && b.composes)) return true;
  const parts = ["method", "path", "version", "reuse"] as const;
  if (parts.some((part) => a[part] !== undefined && b[part] !== undefined)) return true;
  return a.query !== undefined && b.query !== undefined && parameterOf(a.query) === parameterOf(b.query);
}

function parameterOf(query: string): string {
  return query.replace(/=.*/s, "");
}

/** Servers refuse more headers than this, such as those in Python, which take 100. */
const MOST_HEADERS = 88;

/**
 * Packs variations into as few requests as their order allows.
 * @param into - Requests to add to.
 * @param spread - Fills the requests evenly, and spreads headers that can be joined, because their first value counts most.
 */
export function pack(
  variations: readonly Variation[],
  { into = [], spread = false }: { into?: readonly (readonly Variation[])[]; spread?: boolean } = {},
): Variation[][] {
  const groups: Variation[][] = into.map((group) => [...group]);
  for (const one of variations) {
    const fitting = groups.filter(
      (group) => headersIn(group) + headersIn([one]) <= MOST_HEADERS && !group.some((other) => conflict(one, other)),
    );
    const [group] = spread ? fitting.sort(byShared(one)) : fitting;
    if (group === undefined) groups.push([one]);
    else group.push(one);
  }
  return groups;
}

function headersIn(group: readonly Variation[]): number {
  return group.reduce((sum, { headers = {} }) => sum + Object.keys(headers).length, 0);
}

/** Compares groups by how often they have a header of a variation, then by size. */
function byShared({ headers = {} }: Variation): (a: readonly Variation[], b: readonly Variation[]) => number {
  const joined = Object.keys(headers).filter((name) => JOINED[name] !== undefined);
  const shared = (group: readonly Variation[]): number =>
    joined.length === 0 ? 0 : group.filter((other) => joined.some((name) => name in (other.headers ?? {}))).length;
  return (a, b) => shared(a) - shared(b) || a.length - b.length;
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
