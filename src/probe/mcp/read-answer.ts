import { KeysError } from "../../errors.ts";
import { headerOf, type HttpResponse } from "../../http/http.ts";
import { readReply, type AnswerContent } from "./reply.ts";

/** Content of an answer that is not read. */
export const UNREAD: AnswerContent = { reply: null, excerpt: "" };
/** Milliseconds to wait for the body of a refusal. It only helps to explain the status. */
const REFUSAL_MS = 1000;

/**
 * Reads as much of an answer as is needed: the reply to the request `id`, or the body of a refusal.
 * @param id - `null` for a notification, which gets no reply.
 * @throws `KeysError` `SERVER_NOT_MCP` if the answer is compressed or too large, `SERVER_UNREACHABLE`, `INTERRUPTED`
 */
export async function readAnswer(response: HttpResponse, id: string | null): Promise<AnswerContent> {
  if (response.status >= 300) return readRefusal(response, id ?? "");
  if (id !== null && response.status !== 202) return readUncompressed(response, id);
  // No reply is expected. A stream may stay open.
  response.close();
  return UNREAD;
}

async function readUncompressed(response: HttpResponse, id: string): Promise<AnswerContent> {
  const encoding = headerOf(response, "content-encoding") ?? "identity";
  if (encoding.toLowerCase() === "identity") return readReply(response, id);
  response.close();
  throw new KeysError("SERVER_NOT_MCP", "the server compressed its answer, which mcp-keys did not ask for", {
    hint: "make the server, or the proxy in front of it, honour Accept-Encoding: identity",
  });
}

async function readRefusal(response: HttpResponse, id: string): Promise<AnswerContent> {
  const timer = setTimeout(() => response.close(), REFUSAL_MS);
  try {
    return await readReply(response, id);
  } catch (error) {
    if (error instanceof KeysError && error.code !== "INTERRUPTED") return UNREAD;
    throw error;
  } finally {
    clearTimeout(timer);
    response.close();
  }
}
