import { formatAnswer, formatRpcAnswer, type Answer } from "./answer.ts";
import type { RequestView } from "./request-view.ts";

/** Bytes of a body that is read to look for tool calls. */
export const BODY_LIMIT = 4 * 1024 * 1024;

/** What matters of a JSON-RPC message; nothing of it has been checked. */
export interface Message {
  readonly method?: unknown;
  readonly params?: unknown;
}

/** The messages of a body, and the body as it was parsed; or why it is not let through. */
export type Reading =
  | { readonly ok: true; readonly messages: readonly Message[]; readonly body: unknown }
  | { readonly ok: false; readonly answer: Answer };

export const TOO_LARGE = formatAnswer(413, "content_too_large", "The body is larger than 4 MiB");
const UNREADABLE = formatAnswer(415, "unsupported_media_type", "The body must be JSON in UTF-8, not compressed");
export const NO_JSON = formatRpcAnswer(400, -32_700, "Parse error");
const NOTHING = { ok: true, messages: [], body: undefined } as const;

/**
 * Reads the messages of a body as the server behind will. What could be read in two ways is refused: a server that knows
 * UTF-7, or unpacks what is packed, would find a call where there is none in UTF-8.
 */
export function readBytes(bytes: Uint8Array, view: RequestView): Reading {
  if (bytes.length === 0) return NOTHING;
  if (!isPlain(view)) return { ok: false, answer: UNREADABLE };
  try {
    // The byte order mark is left out, as all who read JSON from a body do.
    return readText(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return { ok: false, answer: NO_JSON };
  }
}

/** The same for a body that somebody has read before: parsed, or as a text, or as bytes. */
export function readParsed(body: unknown, view: RequestView): Reading {
  if (body === undefined || body === null || body === "") return NOTHING;
  if (body instanceof Uint8Array) return readBytes(body, view);
  return typeof body === "string" ? readText(body) : readValue(body);
}

function readText(text: string): Reading {
  try {
    return readValue(JSON.parse(text));
  } catch {
    return { ok: false, answer: NO_JSON };
  }
}

/** One message, or the batch of revision 2025-03-26. */
function readValue(body: unknown): Reading {
  const messages = (Array.isArray(body) ? body : [body]).filter(
    (message): message is Message => typeof message === "object" && message !== null,
  );
  return { ok: true, messages, body };
}

function isPlain(view: RequestView): boolean {
  const encoding = view.header("content-encoding")?.trim().toLowerCase() ?? "";
  if (encoding !== "" && encoding !== "identity") return false;
  const charsets = [...(view.header("content-type") ?? "").matchAll(/charset[^=;]*=\s*["']?\s*([^\s"';,]*)/gi)];
  return charsets.every(([, charset]) => /^utf-?8$/i.test(charset ?? ""));
}
