import type { IncomingMessage } from "node:http";
import { BODY_LIMIT } from "../guard/parse-body.ts";

/**
 * Reads a body of at most 4 MiB to its end, whatever the headers say, and puts it back for the next reader, who also gets `end`.
 * @returns `"too-large"` if there is more, `"aborted"` if the client disconnected
 */
export async function receiveBody(request: IncomingMessage): Promise<Uint8Array | "too-large" | "aborted"> {
  const chunks: Buffer[] = [];
  let size = 0;

  /** Takes what has arrived. Returns `null` before the end. Never reads past the end, which would emit `end`. */
  const take = (): Uint8Array | "too-large" | null => {
    while (request.readableLength > 0) {
      const chunk = readChunk(request);
      if (chunk === null) break;
      chunks.push(chunk);
      size += chunk.length;
      if (size > BODY_LIMIT) return "too-large";
    }
    if (!hasEnded(request)) return null;
    const bytes = Buffer.concat(chunks);
    if (bytes.length > 0 && !request.readableEnded) request.unshift(bytes);
    return bytes;
  };

  // Node calls the server with the head, and then parses the rest of the packet.
  if (!hasEnded(request)) await new Promise(setImmediate);
  const received = take();
  if (received !== null) return received;
  if (request.destroyed) return "aborted";
  return new Promise((resolve) => {
    const finish = (result: Uint8Array | "too-large" | "aborted"): void => {
      request.off("readable", read).off("end", read).off("error", abort).off("close", abort);
      // Node resets the stream's `readable` state on a later tick.
      setImmediate(resolve, result);
    };
    const abort = (): void => finish("aborted");
    const read = (): void => {
      const result = take();
      if (result !== null) finish(result);
    };
    request.on("readable", read).on("end", read).on("error", abort).on("close", abort);
  });
}

/** Tests whether the stream has its last byte, read or not. Node's public properties only tell when it was read. */
function hasEnded(request: IncomingMessage): boolean {
  const { _readableState: state } = request as { _readableState?: { readonly ended?: boolean } };
  return request.readableEnded || state?.ended === true;
}

function readChunk(request: IncomingMessage): Buffer | null {
  const chunk = request.read() as Buffer | string | null;
  return typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}
