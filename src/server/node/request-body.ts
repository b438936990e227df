import type { IncomingMessage } from "node:http";
import { BODY_LIMIT } from "../guard/json-rpc.ts";

/**
 * The bytes of a body, at most 4 MiB, put back so that whoever comes next can read them again. Where Node does not let that
 * be (HTTP/2), they are gone from the stream. `"too-large"` when there are more, `"gone"` when the client is.
 */
export function receiveBody(request: IncomingMessage): Promise<Uint8Array | "too-large" | "gone"> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (received: Uint8Array | "too-large" | "gone"): void => {
      request.off("readable", read).off("end", read).off("error", leave).off("close", leave);
      // A stream that was listened to in this way lets go of it a moment later.
      setImmediate(resolve, received);
    };
    const leave = (): void => finish("gone");
    const read = (): void => {
      for (let chunk = next(request); chunk !== null; chunk = next(request)) {
        chunks.push(chunk);
        size += chunk.length;
        if (size > BODY_LIMIT) return finish("too-large");
      }
      if (!request.complete && !request.readableEnded) return;
      const bytes = Buffer.concat(chunks);
      // All of it is here and the end has not been told yet: now or never.
      if (bytes.length > 0 && !request.readableEnded) request.unshift(bytes);
      finish(bytes);
    };
    request.on("readable", read).on("end", read).on("error", leave).on("close", leave);
  });
}

/** Whether there is, or may come, a body that nobody has read. */
export function hasUnreadBody(request: IncomingMessage): boolean {
  if (request.readableEnded || request.destroyed) return false;
  const { headers, httpVersionMajor } = request;
  if (httpVersionMajor > 1) {
    return (request as { stream?: { endAfterHeaders?: boolean } }).stream?.endAfterHeaders !== true;
  }
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function next(request: IncomingMessage): Buffer | null {
  const chunk = request.read() as Buffer | string | null;
  return typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}
