import type { Admission } from "../guard/admission.ts";
import type { Rewriter } from "../guard/body-rewriter.ts";
import { formatOAuthError } from "../guard/guard-response.ts";
import { mergeHeader } from "../guard/merge-header.ts";
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

/** Finishes the server's response: adds headers, calls `onHead`, and rewrites the body if a rewriter was returned. */
export function finishResponse(response: Response, { headers, onHead }: Admission): Response {
  // A WebSocket upgrade or an error response, which cannot be copied.
  if (response.status < 200) return response;
  const rewriter = onHead?.({ status: response.status, header: (name) => response.headers.get(name) }) ?? null;
  if (headers === null && rewriter === null) return response;
  const { status, statusText } = response;
  const all = new Headers(response.headers);
  for (const [name, value] of Object.entries(headers ?? {})) {
    all.set(name, mergeHeader(name, all.get(name), value));
  }
  if (rewriter === null || response.body === null)
    return new Response(response.body, { status, statusText, headers: all });
  all.delete("content-length");
  return new Response(rewriteStream(response.body, rewriter), { status, statusText, headers: all });
}

function rewriteStream(body: NonNullable<Response["body"]>, rewriter: Rewriter): ReadableStream<Uint8Array> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const encoder = new TextEncoder();
  const rewriting = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      const out = rewriter.push(decoder.decode(chunk, { stream: true }));
      if (out !== "") controller.enqueue(encoder.encode(out));
    },
    flush(controller) {
      const out = rewriter.push(decoder.decode()) + rewriter.end();
      if (out !== "") controller.enqueue(encoder.encode(out));
    },
  });
  return body.pipeThrough(rewriting);
}
