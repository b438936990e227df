import type { Admission } from "../guard/admission.ts";
import type { Rewriter } from "../guard/body-rewriter.ts";
import { mergeHeader } from "../guard/merge-header.ts";
import { FollowedBody } from "./followed-body.ts";

/** Finishes the server's response: adds headers, calls `onHead`, rewrites the body if a rewriter was returned, and follows it. */
export function finishResponse(response: Response, { headers, onHead, follow }: Admission): Response {
  // A WebSocket upgrade or an error response, which cannot be copied.
  if (response.status < 200) return response;
  const rewriter = onHead?.({ status: response.status, header: (name) => response.headers.get(name) }) ?? null;
  const follows = follow !== null && mayStream(response);
  if (headers === null && rewriter === null && !follows) return response;
  const { status, statusText } = response;
  const all = new Headers(response.headers);
  for (const [name, value] of Object.entries(headers ?? {})) {
    all.set(name, mergeHeader(name, all.get(name), value));
  }
  let { body } = response;
  if (rewriter !== null && body !== null) {
    all.delete("content-length");
    body = rewriteStream(body, rewriter);
  }
  if (follows && body !== null) body = new FollowedBody(body, follow, isEvents(response.headers)).stream;
  return new Response(body, { status, statusText, headers: all });
}

/**
 * Tests for a body that may arrive over time. Every body is a stream in the API. Following one that is not costs time, and some frameworks
 * then omit its length.
 */
function mayStream(response: Response): boolean {
  if (hasText(response)) return false;
  const { headers } = response;
  if (isEvents(headers) || headers.has("transfer-encoding")) return true;
  return !/^(?:application\/json|text\/)/i.test(headers.get("content-type") ?? "");
}

/**
 * Tests for a response of Hono's adapter for Node whose body is a string. It keeps `[status, body, headers]` in a property of this name,
 * and sends it a tenth faster if nobody reads `headers`.
 */
function hasText(response: Response): boolean {
  const cache = Object.getOwnPropertySymbols(response).find(({ description }) => description === "cache");
  const kept: unknown = cache && (response as unknown as Record<symbol, unknown>)[cache];
  return Array.isArray(kept) && typeof kept[1] === "string";
}

function isEvents(headers: Headers): boolean {
  return /^text\/event-stream/i.test(headers.get("content-type") ?? "");
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
