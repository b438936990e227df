import { formatOAuthError, formatRpcError, type GuardResponse } from "./guard-response.ts";
import type { RequestView } from "./request-view.ts";

/** The most bytes of a body to read in search of tool calls. */
export const BODY_LIMIT = 4 * 1024 * 1024;

/** The members of a JSON-RPC message that the guard reads, unchecked. */
export interface BodyMessage {
  readonly method?: unknown;
  readonly params?: unknown;
}

/** The messages in a body and the parsed body itself, or the response that refuses it. */
export type ParsedBody =
  | { readonly ok: true; readonly messages: readonly BodyMessage[]; readonly body: unknown }
  | { readonly ok: false; readonly response: GuardResponse };

export const TOO_LARGE = formatOAuthError(413, "content_too_large", "The body is larger than 4 MiB");
export const INVALID_JSON = formatRpcError(400, -32_700, "Parse error");
const UNSUPPORTED = formatOAuthError(415, "unsupported_media_type", "The body must be uncompressed JSON in UTF-8");
const EMPTY = { ok: true, messages: [], body: undefined } as const;

/**
 * Parses a body as the server will. Bodies that could be read in two ways are refused: a server that decompresses, or decodes
 * UTF-7, could find a tool call where UTF-8 shows none.
 */
export function parseBody(bytes: Uint8Array, view: RequestView): ParsedBody {
  if (bytes.length === 0) return EMPTY;
  if (!isPlainUtf8(view)) return { ok: false, response: UNSUPPORTED };
  try {
    // Drops a byte order mark, as JSON parsers for bodies do.
    return parseText(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return { ok: false, response: INVALID_JSON };
  }
}

/** Parses a body that other middleware has already read, as JSON, text or bytes. */
export function readParsedBody(body: unknown, view: RequestView): ParsedBody {
  if (body === undefined || body === null || body === "") return EMPTY;
  if (body instanceof Uint8Array) return parseBody(body, view);
  return typeof body === "string" ? parseText(body) : readValue(body);
}

function parseText(text: string): ParsedBody {
  try {
    return readValue(JSON.parse(text));
  } catch {
    return { ok: false, response: INVALID_JSON };
  }
}

/** Reads one message, or a batch (protocol revision 2025-03-26). */
function readValue(body: unknown): ParsedBody {
  const messages = (Array.isArray(body) ? body : [body]).filter(
    (message): message is BodyMessage => typeof message === "object" && message !== null,
  );
  return { ok: true, messages, body };
}

function isPlainUtf8(view: RequestView): boolean {
  const encoding = view.header("content-encoding")?.trim().toLowerCase() ?? "";
  if (encoding !== "" && encoding !== "identity") return false;
  const charsets = [...(view.header("content-type") ?? "").matchAll(/charset[^=;]*=\s*["']?\s*([^\s"';,]*)/gi)];
  return charsets.every(([, charset]) => /^utf-?8$/i.test(charset ?? ""));
}
