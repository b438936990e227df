/** The start of a response, and what follows it. */
export interface ParsedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  readonly body: Buffer;
  /** Whether the body has arrived in full. */
  readonly complete: boolean;
  /** Whether another response may follow on the connection. */
  readonly keepsConnection: boolean;
  /** Bytes after a complete response. */
  readonly rest: Buffer;
}

interface BodyPart {
  readonly body: Buffer;
  readonly complete: boolean;
  readonly rest: Buffer;
}

const NOTHING = Buffer.alloc(0);

/**
 * Parses the first final response in the bytes received so far; `null` if its head has not arrived. Skips interim responses (1xx), except
 * 101.
 * @param ended - Whether the server has closed the connection.
 * @param method - The method of the request, because HEAD gets no body.
 * @throws an error with the code `HPE_INVALID_CONSTANT` if this is not HTTP/1
 * @see RFC 9112
 */
export function parseResponse(bytes: Buffer, ended: boolean, method: string): ParsedResponse | null {
  for (let at = 0; ;) {
    const head = parseHead(bytes.subarray(at));
    if (head === null) return null;
    const { status, lines, minor } = head;
    at += head.length;
    if (status < 200 && status !== 101) continue;
    const after = bytes.subarray(at);
    const headers = parseHeaders(lines);
    const connection = headers["connection"]?.join().toLowerCase() ?? (minor === "0" ? "close" : "");
    const empty = method === "HEAD" || status === 204 || status === 304;
    const body = empty ? { body: NOTHING, complete: true, rest: after } : readBody(after, { headers, status, ended });
    return { status, headers, ...body, keepsConnection: !connection.includes("close") };
  }
}

interface ParsedHead {
  readonly status: number;
  readonly minor: string | undefined;
  readonly lines: readonly string[];
  /** Bytes, with the empty line. */
  readonly length: number;
}

function parseHead(bytes: Buffer): ParsedHead | null {
  const start = bytes.subarray(0, 7).toString("latin1");
  if (!"HTTP/1.".startsWith(start)) throw notHttp();
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const [first = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const [, minor, code] = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(first) ?? [];
  if (code === undefined) throw notHttp();
  return { status: Number(code), minor, lines, length: end + 4 };
}

function parseHeaders(lines: readonly string[]): Record<string, string[] | undefined> {
  const headers: Record<string, string[] | undefined> = Object.create(null) as Record<string, string[] | undefined>;
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) (headers[line.slice(0, colon).trim().toLowerCase()] ??= []).push(line.slice(colon + 1).trim());
  }
  return headers;
}

function readBody(
  after: Buffer,
  { headers, status, ended }: Pick<ParsedResponse, "headers" | "status"> & { ended: boolean },
): BodyPart {
  if (status !== 101 && /chunked\s*$/i.test(headers["transfer-encoding"]?.join() ?? "")) return readChunks(after);
  const length = Number(headers["content-length"]?.[0]);
  if (status === 101 || !Number.isSafeInteger(length) || length < 0)
    return { body: after, complete: ended, rest: NOTHING };
  return { body: after.subarray(0, length), complete: after.length >= length, rest: after.subarray(length) };
}

function readChunks(bytes: Buffer): BodyPart {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    const size = lineEnd === -1 ? NaN : parseInt(bytes.subarray(at, lineEnd).toString("latin1"), 16);
    const from = lineEnd + 2;
    if (Number.isNaN(size) || bytes.length < from + size + 2) {
      if (size > 0) chunks.push(bytes.subarray(from));
      return { body: Buffer.concat(chunks), complete: false, rest: NOTHING };
    }
    // Trailers are rare, and only their end matters.
    if (size === 0) {
      const end = bytes.subarray(from, from + 2).toString() === "\r\n" ? from + 2 : bytes.indexOf("\r\n\r\n", from) + 4;
      return { body: Buffer.concat(chunks), complete: end > 3, rest: bytes.subarray(Math.max(end, from)) };
    }
    chunks.push(bytes.subarray(from, from + size));
    at = from + size + 2;
  }
}

function notHttp(): Error {
  return Object.assign(new Error("not HTTP/1"), { code: "HPE_INVALID_CONSTANT" });
}
