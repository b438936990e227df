/** Name → value, or every value of a header that goes out more than once. */
export type HttpHeaders = Readonly<Record<string, string | readonly string[]>>;

/** One HTTP exchange to make. */
export interface HttpInit {
  readonly url: URL;
  /** Path and query to send as they stand, in place of those of `url`, which is always in its normal form. */
  readonly path?: string;
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS";
  /** May hold a token, so it is never shown. */
  readonly headers: HttpHeaders;
  readonly body?: string;
  /** Announces a body of this many bytes and sends no more of it than `body`; only an answer that does not wait for the rest comes. */
  readonly announce?: number;
  /** The newest TLS version to speak, such as `TLSv1.1`; the default is the newest known. */
  readonly maxTls?: string;
  /** Milliseconds for the whole exchange: look-up, connection, headers and body. */
  readonly timeoutMs: number;
  /** Ends the exchange early; it then fails with `INTERRUPTED`. */
  readonly signal?: AbortSignal;
}

/** What a TLS connection was made with. */
export interface TlsInfo {
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  /** When the certificate of the server ends, in seconds since 1970; `null` where it does not say. */
  readonly validTo: number | null;
}

/** An answer whose body has not been read yet. Either read the body to its end or call `close`. */
export interface HttpResponse {
  readonly status: number;
  /** Lower-case name → every value, in the order of the answer. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  /** Of a connection over TLS. */
  readonly tls?: TlsInfo;
  /**
   * The body as text, decoded from UTF-8, in pieces as they come; can be gone through once. Throws as {@link HttpRequest}
   * does when the connection breaks, the time is over, or the body is larger than the limit of the implementation.
   */
  readonly body: AsyncIterable<string>;
  /** Drops the connection; a body being read ends there without a fault. Twice is allowed. */
  close(): void;
}

/**
 * Makes one exchange on a connection of its own. Follows no redirect and uses no proxy.
 * @throws `KeysError` `SERVER_UNREACHABLE` (no connection, no trust in its certificate, broken off, out of time),
 * `SERVER_NOT_MCP` (not HTTP, or an answer beyond all bounds), `INTERRUPTED`. None of them quotes a header or the query. Their
 * `cause` has the `code` of Node (`CERT_HAS_EXPIRED`), or `TIMED_OUT`.
 */
export type HttpRequest = (init: HttpInit) => Promise<HttpResponse>;

/** The values of a header as one line, or `undefined` when it was not sent. */
export function headerOf(response: Pick<HttpResponse, "headers">, name: string): string | undefined {
  return response.headers[name]?.join(", ");
}
