import { formatAnswer } from "../guard/answer.ts";
import { BODY_LIMIT, readBytes, type Reading } from "../guard/json-rpc.ts";
import type { Admission } from "../guard/admission.ts";
import type { Rewriter } from "../guard/body-rewriter.ts";
import type { RequestView } from "../guard/request-view.ts";

/** A mistake of whoever built the server: it shows at the first request. */
const READ_BEFORE = formatAnswer(500, "server_error", "The body was read before the guard could look at it");
const BROKEN = formatAnswer(400, "invalid_request", "The body did not arrive");

/** Reads the body of a request, at most 4 MiB, and makes a request that can be read again. */
export async function receiveRequest(
  request: Request,
  view: RequestView,
): Promise<{ readonly request: Request; readonly reading: Reading } | "too-large"> {
  if (request.bodyUsed) return { request, reading: { ok: false, answer: READ_BEFORE } };
  const bytes = await receive(request);
  if (bytes === "too-large") return bytes;
  if (bytes === "broken") return { request, reading: { ok: false, answer: BROKEN } };
  return { request: new Request(request, { body: bytes }), reading: readBytes(bytes, view) };
}

async function receive({ body }: Request): Promise<Uint8Array<ArrayBuffer> | "too-large" | "broken"> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      // Leaving the loop cancels what is still to come.
      if (size > BODY_LIMIT) return "too-large";
      chunks.push(chunk);
    }
  } catch {
    return "broken";
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Adds the headers that a request is owed, tells the guard of the answer, and lets it rewrite the body. */
export function rewriteResponse(response: Response, { headers, onAnswer }: Admission): Response {
  // A web socket, or an error: nothing that could be made anew.
  if (response.status < 200) return response;
  const rewriter = onAnswer?.({ status: response.status, header: (name) => response.headers.get(name) }) ?? null;
  if (headers === null && rewriter === null) return response;
  const { status, statusText } = response;
  const all = new Headers(response.headers);
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (name === "vary") all.append(name, value);
    else all.set(name, value);
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
