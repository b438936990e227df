import type { IncomingMessage } from "node:http";
import { findJoined, type HeadFlaw } from "../guard/head-flaw.ts";
import type { RequestView } from "../guard/request-view.ts";
import { NodeRequestView } from "../node/request-view.ts";

/** Where a view reads headers. */
type HeaderSource = Pick<RequestView, "flaw" | "header">;

/** Presents a `Request` to the guard. It reads each part only when needed. */
export class FetchRequestView implements RequestView {
  readonly address: string | null;
  readonly #request: Request;
  readonly #url: string;
  readonly #headers: HeaderSource;

  /** @param address - the other end of the connection, if known */
  constructor(request: Request, address: string | null) {
    this.#request = request;
    this.#url = request.url;
    this.address = address;
    const incoming = findIncoming(request);
    this.#headers = incoming === null ? new JoinedHeaders(request.headers) : new NodeRequestView(incoming);
  }

  get flaw(): HeadFlaw | null {
    return this.#headers.flaw;
  }

  get method(): string {
    return this.#request.method;
  }

  get path(): string {
    return new URL(this.#url).pathname;
  }

  get host(): string | null {
    // Behind a proxy, some frameworks put their own name in the URL.
    return this.header("host") ?? new URL(this.#url).host;
  }

  get query(): string {
    const mark = this.#url.indexOf("?");
    return mark < 0 ? "" : this.#url.slice(mark + 1);
  }

  header(name: string): string | null {
    return this.#headers.header(name);
  }
}

/** The headers of a `Request`, which has joined those of the same name. */
class JoinedHeaders implements HeaderSource {
  readonly #headers: Headers;

  constructor(headers: Headers) {
    this.#headers = headers;
  }

  get flaw(): HeadFlaw | null {
    return findJoined((name) => this.header(name));
  }

  header(name: string): string | null {
    return this.#headers.get(name);
  }
}

/**
 * Returns Node's request behind a request of Hono's adapter for Node, or `null`. The adapter keeps it in a property of this name, and
 * makes `headers` from its raw ones when somebody reads them, which takes longer than everything the guard does. Once they are made,
 * a middleware may have changed them, so they count.
 */
function findIncoming(request: Request): IncomingMessage | null {
  let incoming: unknown = null;
  for (const symbol of Object.getOwnPropertySymbols(request)) {
    if (symbol.description === "headersKey") return null;
    if (symbol.description === "incomingKey") incoming = (request as unknown as Record<symbol, unknown>)[symbol];
  }
  return hasRawHeaders(incoming) ? incoming : null;
}

function hasRawHeaders(value: unknown): value is IncomingMessage {
  return typeof value === "object" && value !== null && Array.isArray((value as { rawHeaders?: unknown }).rawHeaders);
}
