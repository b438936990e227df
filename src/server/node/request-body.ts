import type { IncomingMessage } from "node:http";
import type { InspectBody, Rejection } from "../guard/admission.ts";
import { BODY_LIMIT, INVALID_JSON, parseBody, readParsedBody, TOO_LARGE } from "../guard/parse-body.ts";
import type { RequestView } from "../guard/request-view.ts";

/**
 * Inspects both the `body` that a parser has set and the unread rest, because the server may use either. Never rejects.
 * @param holder - the object whose `body` the parser has set
 */
export async function inspectNodeBody(
  request: IncomingMessage,
  view: RequestView,
  inspectBody: InspectBody,
  holder: { body?: unknown } = request as { body?: unknown },
): Promise<Rejection | "aborted" | null> {
  try {
    const rejection = await inspectBody(readParsedBody(holder.body, view));
    if (rejection !== null || !hasUnreadBody(request)) return rejection;
    const bytes = await receiveBody(request);
    if (bytes === "aborted") return "aborted";
    if (bytes === "too-large") return { ok: false, response: TOO_LARGE };
    const parsed = parseBody(bytes, view);
    if (parsed.ok && parsed.body !== undefined) holder.body ??= parsed.body;
    return await inspectBody(parsed);
  } catch {
    // Some platforms parse `body` in a getter, which throws for invalid JSON.
    return { ok: false, response: INVALID_JSON };
  }
}

function hasUnreadBody(request: IncomingMessage): boolean {
  if (request.readableEnded || request.destroyed) return false;
  const { headers, httpVersionMajor } = request;
  if (httpVersionMajor > 1) {
    return (request as { stream?: { endAfterHeaders?: boolean } }).stream?.endAfterHeaders !== true;
  }
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/**
 * Reads a body of at most 4 MiB and puts it back for the next reader. Over HTTP/2, Node cannot put it back.
 * @returns `"too-large"` if there is more, `"aborted"` if the client disconnected
 */
function receiveBody(request: IncomingMessage): Promise<Uint8Array | "too-large" | "aborted"> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (received: Uint8Array | "too-large" | "aborted"): void => {
      request.off("readable", read).off("end", read).off("error", abort).off("close", abort);
      // Node resets the stream's `readable` state on a later tick.
      setImmediate(resolve, received);
    };
    const abort = (): void => finish("aborted");
    const read = (): void => {
      for (let chunk = readChunk(request); chunk !== null; chunk = readChunk(request)) {
        chunks.push(chunk);
        size += chunk.length;
        if (size > BODY_LIMIT) return finish("too-large");
      }
      if (!request.complete && !request.readableEnded) return;
      const bytes = Buffer.concat(chunks);
      // The last moment to put it back: the body is complete, and `end` was not emitted yet.
      if (bytes.length > 0 && !request.readableEnded) request.unshift(bytes);
      finish(bytes);
    };
    request.on("readable", read).on("end", read).on("error", abort).on("close", abort);
  });
}

function readChunk(request: IncomingMessage): Buffer | null {
  const chunk = request.read() as Buffer | string | null;
  return typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}
