import { readMessage, type BodyMessage } from "./body-message.ts";
import { hasDuplicateMembers } from "./duplicate-members.ts";
import { formatOAuthError, formatRpcError, type GuardResponse } from "./guard-response.ts";
import type { RequestView } from "./request-view.ts";

/** The most bytes of a body to read in search of tool calls. */
export const BODY_LIMIT = 4 * 1024 * 1024;

/** The messages in a body and the parsed body itself, or the response that refuses it. */
export type ParsedBody =
  { readonly ok: true; readonly messages: readonly BodyMessage[]; readonly body: unknown } | RefusedBody;

/** A body that is refused, and why. */
export interface RefusedBody {
  readonly ok: false;
  readonly response: GuardResponse;
  /** For the server's log, without text from the body. */
  readonly why: string;
  /** Whether the server's code is at fault, not the client. */
  readonly isMistake?: true;
}

export const TOO_LARGE: RefusedBody = {
  ok: false,
  response: formatOAuthError(413, "content_too_large", "The body is larger than 4 MiB"),
  why: "the body is larger than 4 MiB",
};
export const INVALID_JSON: RefusedBody = {
  ok: false,
  response: formatRpcError(400, -32_700, "Parse error"),
  why: "the body is not JSON in UTF-8",
};
export const ALREADY_READ: RefusedBody = {
  ok: false,
  response: formatOAuthError(500, "server_error", "The body was read before the guard could inspect it"),
  isMistake: true,
  why:
    "the body was read before the guard, so toolScopes cannot be checked and the request gets 500; put the guard first, " +
    "or pass the parsed body on: as request.body, or to guardFetch as { parsedBody }",
};
export const EMPTY = { ok: true, messages: [], body: undefined } as const;
const UNSUPPORTED: RefusedBody = {
  ok: false,
  response: formatOAuthError(415, "unsupported_media_type", "The body must be uncompressed JSON in UTF-8"),
  why: "the body is not uncompressed JSON in UTF-8, by its Content-Type or Content-Encoding",
};
export const AMBIGUOUS: RefusedBody = {
  ok: false,
  response: formatRpcError(400, -32_600, "Invalid Request"),
  why: "servers could read the message in two ways: a repeated member, or a name that differs only by case or invisible characters",
};

/**
 * Parses a body as the server will. Bodies that could be read in two ways are refused: a server that decompresses, decodes
 * UTF-7 or parses a form could find a tool call where JSON shows none.
 */
export function parseBody(bytes: Uint8Array, view: RequestView): ParsedBody {
  if (bytes.length === 0) return EMPTY;
  if (!isPlainJson(view)) return UNSUPPORTED;
  try {
    // Drops a byte order mark, as JSON parsers for bodies do.
    return parseText(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return INVALID_JSON;
  }
}

/**
 * Parses the bodies that other middleware has left, as values, text or bytes. The server may use any of them.
 * @returns `null` if there is none
 */
export function readParsedBodies(bodies: readonly unknown[], view: RequestView): ParsedBody | null {
  const given = bodies.filter((body) => !isAbsent(body));
  return given.length === 0 ? null : joinBodies(given.map((body) => readParsedBody(body, view)));
}

/** Joins several forms of one body, to judge them all. */
export function joinBodies(bodies: readonly (ParsedBody | null)[]): ParsedBody {
  let joined: ParsedBody & { readonly ok: true } = EMPTY;
  for (const one of bodies) {
    if (one === null) continue;
    if (!one.ok) return one;
    joined = { ok: true, messages: joinMessages(joined.messages, one.messages), body: joined.body ?? one.body };
  }
  return joined;
}

/** The same messages in two forms count once. */
function joinMessages(some: readonly BodyMessage[], others: readonly BodyMessage[]): readonly BodyMessage[] {
  if (some.length === 0) return others;
  const isSame = some.length === others.length && JSON.stringify(some) === JSON.stringify(others);
  return isSame ? some : [...some, ...others];
}

function readParsedBody(body: unknown, view: RequestView): ParsedBody {
  if (body instanceof Uint8Array) return parseBody(body, view);
  if (typeof body === "string") return parseText(body);
  return isJsonValue(body) ? readValue(body) : ALREADY_READ;
}

/** Tests for no body. The parsers of Express 4 leave `{}` where they parsed nothing. */
export function isAbsent(body: unknown): boolean {
  if (body === undefined || body === null || body === "") return true;
  return body instanceof Uint8Array ? body.length === 0 : isPlain(body) && Object.keys(body).length === 0;
}

/** Tests for a value that a JSON parser may return. A stream, a blob or a form is not the parsed body. */
function isJsonValue(body: unknown): boolean {
  return typeof body !== "object" ? typeof body !== "function" : Array.isArray(body) || isPlain(body);
}

function isPlain(body: unknown): body is object {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return false;
  const prototype = Object.getPrototypeOf(body) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function parseText(text: string): ParsedBody {
  try {
    const value: unknown = JSON.parse(text);
    return hasDuplicateMembers(text) ? AMBIGUOUS : readValue(value);
  } catch {
    return INVALID_JSON;
  }
}

/** Reads one message, or a batch (protocol revision 2025-03-26). */
function readValue(body: unknown): ParsedBody {
  const messages: BodyMessage[] = [];
  for (const one of Array.isArray(body) ? (body as unknown[]) : [body]) {
    const message = readMessage(one);
    if (message === null) return AMBIGUOUS;
    messages.push(message);
  }
  return { ok: true, messages, body };
}

/** The types that no parser reads as something other than JSON. Without a type, parsers of forms do not start. */
const TYPE = /^(?:application\/(?:[\w.-]+\+)?json|text\/plain)$/i;

function isPlainJson(view: RequestView): boolean {
  const encoding = view.header("content-encoding")?.trim().toLowerCase() ?? "";
  if (encoding !== "" && encoding !== "identity") return false;
  const type = view.header("content-type") ?? "";
  if (type !== "" && !TYPE.test(type.split(";", 1)[0]?.trim() ?? "")) return false;
  // Also matches without `=`, because a search that fails at each `charset` takes quadratic time.
  const sets = type.matchAll(/charset[^=;]*(?:=\s*["']?\s*([^\s"';,]*))?/gi);
  return [...sets].every(([, set = "utf-8"]) => /^utf-?8$/i.test(set));
}
