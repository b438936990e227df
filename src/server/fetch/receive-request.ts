import { formatOAuthError } from "../guard/guard-response.ts";
import {
  ALREADY_READ,
  BODY_LIMIT,
  joinBodies,
  parseBody,
  readParsedBodies,
  TOO_LARGE,
  type ParsedBody,
} from "../guard/parse-body.ts";
import type { RequestView } from "../guard/request-view.ts";

const INCOMPLETE: ParsedBody = {
  ok: false,
  response: formatOAuthError(400, "invalid_request", "The body is incomplete"),
  why: "the client left before its body was complete",
};

/** A request with its body unread, if it was, and the parsed body. */
export interface ReceivedRequest {
  readonly request: Request;
  readonly parsed: ParsedBody;
}

/**
 * Reads the body of a request, at most 4 MiB, and returns a copy of the request with the body unread.
 * @param parsedBody - what a middleware that read the body has parsed; the server may use either
 */
export async function receiveRequest(
  request: Request,
  view: RequestView,
  parsedBody: unknown,
): Promise<ReceivedRequest> {
  const given = readParsedBodies([parsedBody], view);
  // Reading a body that another reader has locked throws.
  if (request.bodyUsed || request.body?.locked === true) return { request, parsed: given ?? ALREADY_READ };
  if (request.body === null) return { request, parsed: joinBodies([given]) };
  const bytes = await readBody(request.body);
  if (bytes === "too-large") return { request, parsed: TOO_LARGE };
  if (bytes === "aborted") return { request, parsed: INCOMPLETE };
  return { request: new Request(request, { body: bytes }), parsed: joinBodies([given, parseBody(bytes, view)]) };
}

async function readBody(
  body: NonNullable<Request["body"]>,
): Promise<Uint8Array<ArrayBuffer> | "too-large" | "aborted"> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      // Leaving the loop cancels the stream.
      if (size > BODY_LIMIT) return "too-large";
      chunks.push(chunk);
    }
  } catch {
    return "aborted";
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
