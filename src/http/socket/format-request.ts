import { KeysError } from "../../errors.ts";
import type { HttpHeaders, HttpInit } from "../http.ts";

/** What a request consists of on the wire. */
export type FormattedRequest = Pick<HttpInit, "url" | "path" | "method" | "headers" | "body" | "version" | "omitHost">;

/**
 * Formats a request of HTTP/1 without the checks and additions of `node:http`.
 * @param last - Whether the connection ends after it.
 * @throws `KeysError` `USAGE` if a header contains a line break
 * @see RFC 9112, section 2.1
 */
export function formatRequest(request: FormattedRequest, last: boolean): Buffer {
  const { url, path, method, version = "1.1", omitHost = false, body = "" } = request;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const headers: HttpHeaders = {
    ...(omitHost ? {} : { host: url.host }),
    ...request.headers,
    ...(isChunked(request) || bytes.length === 0 ? {} : { "content-length": String(bytes.length) }),
    connection: request.headers["connection"] ?? (last ? "close" : "keep-alive"),
  };
  const lines = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`));
  if (lines.some((line) => /[^\t\x20-\x7e\x80-\xff]/.test(line))) {
    throw new KeysError("USAGE", "a header contains a character that HTTP does not allow");
  }
  const head = [`${method} ${path ?? url.pathname + url.search} HTTP/${version}`, ...lines, "", ""].join("\r\n");
  return Buffer.concat([Buffer.from(head, "latin1"), isChunked(request) ? inChunks(bytes) : bytes]);
}

function isChunked({ headers }: FormattedRequest): boolean {
  return headers["transfer-encoding"] === "chunked";
}

/** Writes a body as one chunk. @see RFC 9112, section 7.1 */
function inChunks(bytes: Uint8Array): Uint8Array {
  const ending = Buffer.from("0\r\n\r\n");
  if (bytes.length === 0) return ending;
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n"), ending]);
}
