import { KeysError } from "../../errors.ts";
import { isObject, parseJson, textAt, type JsonObject } from "./json.ts";
import { headerOf, type HttpResponse } from "../../http/http.ts";
import { createSseParser, type SseEvent } from "./sse.ts";

/** A JSON-RPC response. */
export type RpcReply =
  | { readonly result: JsonObject; readonly error?: undefined }
  | {
      readonly result?: undefined;
      readonly error: { readonly code: number; readonly message: string; readonly data: JsonObject };
    };

/** Content of an HTTP answer: the JSON-RPC reply, if there is one, and the start of its text. */
export interface AnswerContent {
  readonly reply: RpcReply | null;
  /** Start of the body, or of the event data read from a stream. */
  readonly excerpt: string;
}

/** Stands for the id of a request whose body was rewritten: any reply answers it. */
export const ANY_ID = "any id";

/** Most characters of {@link AnswerContent.excerpt}. */
export const EXCERPT_LIMIT = 65_536;

/**
 * Reads the reply to the request `id` from a JSON body or an event stream. In a stream it skips requests and notifications before
 * the reply and reads nothing after it.
 */
export async function readReply(response: HttpResponse, id: string): Promise<AnswerContent> {
  if (!isEventStream(response)) {
    const text = await readText(response);
    return {
      reply: response.status === 101 ? replyInFrames(text, id) : parseReply(text, id),
      excerpt: text.slice(0, EXCERPT_LIMIT),
    };
  }
  let excerpt = "";
  for await (const { data } of readEvents(response)) {
    if (excerpt.length < EXCERPT_LIMIT) excerpt = `${excerpt}${data}\n`.slice(0, EXCERPT_LIMIT);
    const reply = parseReply(data, id);
    if (reply !== null) return { reply, excerpt };
  }
  return { reply: null, excerpt };
}

/** Milliseconds in which a server that refuses inside a stream has ended it. */
const STREAM_WAIT_MS = 500;

/**
 * Returns whether an unsolicited event stream stays open without an error. Some servers refuse inside a stream and then end it.
 * Closes the connection in any case.
 * @throws `KeysError` `INTERRUPTED`
 */
export async function staysOpen(response: HttpResponse): Promise<boolean> {
  let stillOpen = false;
  const timer = setTimeout(() => {
    stillOpen = true;
    response.close();
  }, STREAM_WAIT_MS);
  try {
    for await (const { data } of readEvents(response)) if (parseReply(data, "")?.error !== undefined) return false;
  } catch (error) {
    if (!(error instanceof KeysError) || error.code === "INTERRUPTED") throw error;
  } finally {
    clearTimeout(timer);
    response.close();
  }
  return stillOpen;
}

export function isEventStream(response: Pick<HttpResponse, "headers">): boolean {
  return /^\s*text\/event-stream\s*(?:;|$)/i.test(headerOf(response, "content-type") ?? "");
}

/** Yields the events of a stream as they arrive. Leaving the loop closes the connection. */
export async function* readEvents(response: HttpResponse): AsyncGenerator<SseEvent, undefined> {
  const parse = createSseParser();
  for await (const chunk of response.body) yield* parse(chunk);
}

/** Parses a reply to `id`, or an error without an id, which servers send if they cannot read a request. Otherwise `null`. */
export function parseReply(text: string, id: string): RpcReply | null {
  const message = parseJson(text);
  // MCP 2025-03-26 allows batches.
  const replies = (Array.isArray(message) ? (message as unknown[]) : [message]).filter((entry) => isReplyTo(entry, id));
  const found = replies.find(holdsArray) ?? replies[0];
  return isObject(found) ? replyOf(found) : null;
}

/** Returns whether this is the reply to a list, rather than to a message that was sent with it. */
function holdsArray(reply: unknown): boolean {
  return isObject(reply) && isObject(reply["result"]) && Object.values(reply["result"]).some(Array.isArray);
}

function isReplyTo(message: unknown, id: string): boolean {
  if (!isObject(message) || "method" in message) return false;
  if (id === ANY_ID && isObject(message["result"])) return true;
  return message["id"] === id || ((message["id"] ?? null) === null && isObject(message["error"]));
}

function replyOf(message: JsonObject): RpcReply | null {
  const { result, error } = message;
  if (isObject(error)) {
    const { code, data } = error;
    const message = textAt(error, "message") ?? "";
    return { error: { code: typeof code === "number" ? code : 0, message, data: isObject(data) ? data : {} } };
  }
  return isObject(result) ? { result } : null;
}

/** Finds the reply among the frames of a WebSocket, whose heads are not valid UTF-8. */
function replyInFrames(text: string, id: string): RpcReply | null {
  for (const frame of text.split("\uFFFD")) {
    const reply = parseReply(frame.slice(frame.search(/\{\s*"/)).trimEnd(), id);
    if (reply !== null) return reply;
  }
  return null;
}

async function readText(response: HttpResponse): Promise<string> {
  const chunks: string[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return chunks.join("").replace(/^\uFEFF/, "");
}
