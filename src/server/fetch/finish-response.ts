import type { Admission } from "../guard/admission.ts";
import type { Rewriter } from "../guard/body-rewriter.ts";
import { mergeHeader } from "../guard/merge-header.ts";

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
