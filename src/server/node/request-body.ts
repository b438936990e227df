import type { IncomingMessage } from "node:http";
import type { InspectBody, Rejection } from "../guard/admission.ts";
import {
  ALREADY_READ,
  INVALID_JSON,
  isAbsent,
  joinBodies,
  parseBody,
  readParsedBodies,
  TOO_LARGE,
  type ParsedBody,
} from "../guard/parse-body.ts";
import type { RequestView } from "../guard/request-view.ts";
import { receiveBody } from "./receive-body.ts";

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
  try {
    const parsed = await collectBody(request, view, holder);
    if (parsed === "aborted") return "aborted";
    if (parsed.ok && parsed.body !== undefined && isAbsent(holder.body)) holder.body = parsed.body;
    return await inspectBody(parsed);
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
