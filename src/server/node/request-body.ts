import type { IncomingMessage } from "node:http";
import type { InspectBody, Rejection } from "../guard/admission.ts";
import {
  ALREADY_READ,
  BODY_LIMIT,
  INVALID_JSON,
  isAbsent,
  joinBodies,
  parseBody,
  readParsedBodies,
  TOO_LARGE,
  type ParsedBody,
} from "../guard/parse-body.ts";
import type { RequestView } from "../guard/request-view.ts";

/** An object on which a parser leaves the body. */
interface BodyHolder {
  body?: unknown;
  rawBody?: unknown;
}

/**
 * Inspects every form of the body that the server may use: what parsers have left in `body` and `rawBody`, and the unread rest.
 * Never rejects.
 * @param holder - the object whose `body` the framework's parser sets
 */
export async function inspectNodeBody(
  request: IncomingMessage,
  view: RequestView,
  inspectBody: InspectBody,
  holder: BodyHolder = request as BodyHolder,
): Promise<Rejection | "aborted" | null> {
  const parsed = await readBody(request, view, holder);
  return parsed === "aborted" ? "aborted" : inspectBody(parsed);
}

async function readBody(
  request: IncomingMessage,
  view: RequestView,
  holder: BodyHolder,
): Promise<ParsedBody | "aborted"> {
  try {
    const parsed = await collectBody(request, view, holder);
    if (parsed !== "aborted" && parsed.ok && parsed.body !== undefined && isAbsent(holder.body)) {
      holder.body = parsed.body;
    }
    return parsed;
  } catch {
    // Some platforms parse `body` in a getter, which throws for invalid JSON.
    return INVALID_JSON;
  }
}

async function collectBody(
  request: IncomingMessage,
  view: RequestView,
  holder: BodyHolder,
): Promise<ParsedBody | "aborted"> {
  const given = readParsedBodies(listBodies(request, holder), view);
  if (given?.ok === false) return given;
  // Bytes that a middleware has taken, and left nowhere.
  if (given === null && request.readableDidRead) return ALREADY_READ;
  if (!isUnread(request)) return joinBodies([given]);
  const bytes = await receiveBody(request);
  if (bytes === "aborted") return bytes;
  return bytes === "too-large" ? TOO_LARGE : joinBodies([given, parseBody(bytes, view)]);
}

function listBodies(request: IncomingMessage, holder: BodyHolder): unknown[] {
  const holders = new Set([holder, request as BodyHolder]);
  const bodies = [...holders].flatMap(({ body, rawBody }) => [body, isRaw(rawBody) ? rawBody : undefined]);
  // Fastify passes an unread stream on as the body.
  return bodies.filter((body) => body !== request);
}

function isRaw(body: unknown): boolean {
  return typeof body === "string" || body instanceof Uint8Array;
}

/** Tests for a stream that has not ended. Some platforms pass an object that is no stream. */
function isUnread(request: IncomingMessage): boolean {
  return typeof (request as { read?: unknown }).read === "function" && !request.readableEnded;
}

/**
 * Reads a body of at most 4 MiB to its end, whatever the headers say, and puts it back for the next reader, who also gets `end`. Puts
 * back the start of a longer one too.
 * @returns `"too-large"` if there is more, `"aborted"` if the client disconnected
 */
async function receiveBody(request: IncomingMessage): Promise<Uint8Array | "too-large" | "aborted"> {
  const chunks: Buffer[] = [];
  let size = 0;

  /** Takes what has arrived. Returns `null` before the end. Never reads past the end, which would emit `end`. */
  const take = (): Uint8Array | "too-large" | null => {
    while (request.readableLength > 0) {
      const chunk = readChunk(request);
      if (chunk === null) break;
      chunks.push(chunk);
      size += chunk.length;
      if (size > BODY_LIMIT) break;
    }
    if (size <= BODY_LIMIT && !hasEnded(request)) return null;
    const bytes = Buffer.concat(chunks);
    if (bytes.length > 0 && !request.readableEnded) request.unshift(bytes);
    return size > BODY_LIMIT ? "too-large" : bytes;
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
