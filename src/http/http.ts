/** Name → value, or the values of a repeated header. */
export type HttpHeaders = Readonly<Record<string, string | readonly string[]>>;

/** An HTTP request to send. */
export interface HttpInit {
  readonly url: URL;
  /** Path and query to send unchanged, instead of the normalized ones of `url`. */
  readonly path?: string;
  /** Any token, such as `POST`. */
  readonly method: string;
  /** May contain a token, so it is never printed. */
  readonly headers: HttpHeaders;
  readonly body?: string | Uint8Array;
  /** HTTP version to announce. Default: 1.1. */
  readonly version?: "1.0";
  /** Whether to leave out `Host`, which HTTP/1.0 allows. */
  readonly omitHost?: boolean;
  /** A request that goes first on the same connection. Its answer is dropped. */
  readonly earlier?: EarlierRequest;
  /** Sent if the server switches protocols (101). The body is then what it answers. */
  readonly afterSwitch?: Uint8Array;
  /** `Content-Length` in bytes to announce, although only `body` is sent. Only servers that do not wait for the rest answer. */
  readonly announce?: number;
  /** Newest TLS version to use, such as `TLSv1.1`. Default: the newest that Node supports. */
  readonly maxTls?: string;
  /** Milliseconds for everything: DNS lookup, connection, headers and body. */
  readonly timeoutMs: number;
  /** Aborts the request, which then fails with `INTERRUPTED`. */
  readonly signal?: AbortSignal;
}

/** A request that is sent before another one on the same connection. */
export interface EarlierRequest extends Pick<HttpInit, "method" | "path" | "headers" | "body"> {
  /** Whether the other one follows at once, without waiting for the answer (RFC 9112, section 9.3.2). */
  readonly pipelined: boolean;
}

/** Parameters of a TLS connection. */
export interface TlsInfo {
  /** For example `TLSv1.3`. */
  readonly protocol: string;
  /** Expiry of the server's certificate, in seconds since 1970; `null` if it has none. */
  readonly validTo: number | null;
}

/** A response whose body is not read yet. Read the body to its end, or call `close`. */
export interface HttpResponse {
  readonly status: number;
  /** Lowercase name → values, in the order received. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  /** Only over TLS. */
  readonly tls?: TlsInfo;
  /**
   * The body as chunks of text, decoded from UTF-8 as they arrive. Can be iterated once. Throws like {@link HttpRequest} if the
   * connection closes, the time is up, or the body is too large.
   */
  readonly body: AsyncIterable<string>;
  /** Closes the connection. A body that is being read ends without an error. May be called again. */
  close(): void;
}

/**
 * Sends one request on a new connection, or two with `earlier`. Follows no redirects and uses no proxy.
 * @throws `KeysError` `SERVER_UNREACHABLE` (no connection, untrusted certificate, connection closed, timeout), `SERVER_NOT_MCP` (not
 * HTTP, or too large) or `INTERRUPTED`. The message quotes no header, path or query. `cause.code` is the code of Node
 * (`CERT_HAS_EXPIRED`) or `TIMED_OUT`.
 */
export type HttpRequest = (init: HttpInit) => Promise<HttpResponse>;

/** Returns the values of a header joined by commas, or `undefined` if it was not sent. */
export function headerOf(response: Pick<HttpResponse, "headers">, name: string): string | undefined {
  return response.headers[name]?.join(", ");
}
