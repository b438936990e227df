import type { IncomingMessage } from "node:http";

/** Thrown for a body that is larger than its limit. */
export class TooLarge extends Error {}

/**
 * Yields the parts of a body as they arrive. The iterator of Node's streams takes longer to set up than most answers take to arrive.
 * @param limit - Maximum size in bytes.
 * @throws TooLarge, the error of the connection, or one with the code `ECONNRESET` if the body is incomplete
 */
export async function* chunksOf(message: IncomingMessage, limit: number): AsyncGenerator<Buffer, undefined> {
  const arrived: Buffer[] = [];
  const body: { end?: Error | "complete" | undefined } = { end: message.destroyed ? cutOff() : undefined };
  let bytes = 0;
  let wake: (() => void) | undefined;
  const finish = (how: Error | "complete"): void => {
    body.end ??= how;
    wake?.();
  };
  message.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    arrived.push(chunk);
    wake?.();
    if (bytes <= limit) return;
    // Here, because the reader may be waiting for something else.
    finish(new TooLarge());
    message.destroy();
  });
  message.on("end", () => {
    finish("complete");
  });
  message.on("error", finish);
  message.on("close", () => {
    finish(cutOff());
  });
  for (;;) {
    const chunk = arrived.shift();
    if (chunk !== undefined) yield chunk;
    else if (body.end === "complete") return;
    else if (body.end !== undefined) throw body.end;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}

function cutOff(): Error {
  return Object.assign(new Error("the connection closed before the end of the body"), { code: "ECONNRESET" });
}
