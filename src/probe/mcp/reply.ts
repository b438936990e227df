import { KeysError } from "../../errors.ts";
import { isObject, parseJson, textAt, type JsonObject } from "./json.ts";
import { headerOf, type HttpResponse } from "../../http/http.ts";
import { createSseParser, type SseEvent } from "./sse.ts";

/** The JSON-RPC answer to one request. */
export type RpcReply =
  | { readonly result: JsonObject; readonly error?: undefined }
  | {
      readonly result?: undefined;
      readonly error: { readonly code: number; readonly message: string; readonly data: JsonObject };
    };

/** What an HTTP answer held: the reply, if there was one, and the start of what was read. */
export interface AnswerContent {
  readonly reply: RpcReply | null;
  /** Of a body, or of the data of the events that were read of a stream. */
  readonly excerpt: string;
}

const EXCERPT = 65_536;

/**
 * Reads the reply to the request `id` from a JSON body or an event stream, and no further than needed: the requests and
 * notifications a stream holds before it are passed over, and what follows it is not waited for.
 */
export async function readReply(response: HttpResponse, id: string): Promise<AnswerContent> {
  if (!isEventStream(response)) {
    const text = await readText(response);
    return { reply: parseReply(text, id), excerpt: text.slice(0, EXCERPT) };
  }
  let excerpt = "";
  for await (const { data } of readEvents(response)) {
    if (excerpt.length < EXCERPT) excerpt = `${excerpt}${data}\n`.slice(0, EXCERPT);
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

/** The events of a stream as they come; leaving the loop drops the connection. */
export async function* readEvents(response: HttpResponse): AsyncGenerator<SseEvent, undefined> {
  const parse = createSseParser();
  for await (const chunk of response.body) yield* parse(chunk);
}

/** A reply to `id`, or to no id at all, as servers answer what they could not read. `null` for everything else. */
export function parseReply(text: string, id: string): RpcReply | null {
  const message = parseJson(text);
  // The revision of 2025-03-26 allowed lists of messages.
  const found = (Array.isArray(message) ? (message as unknown[]) : [message]).find((entry) => isReplyTo(entry, id));
  return isObject(found) ? replyOf(found) : null;
}

function isReplyTo(message: unknown, id: string): boolean {
  if (!isObject(message) || "method" in message) return false;
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

async function readText(response: HttpResponse): Promise<string> {
  const chunks: string[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return chunks.join("").replace(/^\uFEFF/, "");
}
