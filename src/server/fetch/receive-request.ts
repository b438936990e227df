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
  const body = await readBody(request.body);
  if (body === "aborted") return { request, parsed: INCOMPLETE };
  if (body instanceof Uint8Array) {
    return { request: new Request(request, { body }), parsed: joinBodies([given, parseBody(body, view)]) };
  }
  const streaming: StreamingInit = { body, duplex: "half" };
  return { request: new Request(request, streaming), parsed: TOO_LARGE };
}

/** Node requires `duplex` for a stream; its types do not list it. */
interface StreamingInit extends RequestInit {
  readonly duplex: "half";
}

/** Returns the bytes of a body, or a stream of all of it if it is too large. */
async function readBody(
  body: NonNullable<Request["body"]>,
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | "aborted"> {
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      chunks.push(next.value);
      size += next.value.length;
      if (size > BODY_LIMIT) return resume(chunks, reader);
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

/** Returns a stream of chunks that were read, followed by the rest. */
function resume(chunks: Uint8Array[], reader: ReadableStreamDefaultReader<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = chunks.shift() ?? (await reader.read()).value;
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
