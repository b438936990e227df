import type { HttpResponse } from "../../http/http.ts";
import { KeysError } from "../../errors.ts";
import type { Cost } from "../check-result.ts";
import type { Era } from "../mcp/conversation.ts";
import { listenRequest, STREAM, withHeaders } from "../mcp/planned-request.ts";
import type { PresentedKey } from "../mcp/presented-key.ts";
import { parseReply, readEvents } from "../mcp/reply.ts";
import { sleep } from "../../core/sleep.ts";
import { isAccepted, isServerFault } from "../verify/attempt.ts";
import { openSession } from "./session.ts";
import type { Target } from "./target.ts";
import { askAgain } from "./wait.ts";

/** An event stream that the server keeps open. */
export interface OpenedStream {
  /** Resolves to the time of its end on the clock of the target; `null` if it is still open after some milliseconds. */
  endsWithin(ms: number): Promise<number | null>;
  /** Closes the stream and its session. */
  close(): Promise<void>;
}

/** Cost of {@link openStream}: the stream of the modern era, then a session, its stream and one more conversation. */
export const STREAM_COST: Cost = { requests: 9, wrong: 9 };

/** Milliseconds after which a stream counts as open. A server that refuses inside a stream has ended it by then. */
const SETTLED_MS = 500;
/** Milliseconds that a stream may stay open in addition to twice the patience, for the requests in between. */
const EXTRA_MS = 60_000;

/** Opens an event stream with a key, in the newest era in which the server has one; `null` if it has none. */
export async function openStream(target: Target, presented: PresentedKey): Promise<OpenedStream | null> {
  for (const { era } of target.survey.greetings) {
    const stream = await openInEra(target, presented, era).catch((error: unknown) => {
      if (isServerFault(error)) return null;
      throw error;
    });
    if (stream === null) continue;
    if ((await stream.endsWithin(SETTLED_MS)) === null) return stream;
    await stream.close();
  }
  return null;
}

async function openInEra(target: Target, presented: PresentedKey, era: Era): Promise<OpenedStream | null> {
  const wire = target.wire(presented);
  const openMs = 2 * target.patienceMs + EXTRA_MS;
  if (era !== "legacy") {
    const response = await wire.openStream(era === "sse" ? STREAM : listenRequest(target.clientInfo), openMs);
    return response === null ? null : watch(target, response);
  }
  const session = await openSession(target, presented);
  const headers = session?.headers ?? {};
  const response = await wire.openStream(withHeaders(headers, "stream", STREAM), openMs);
  const stream = response === null ? null : watch(target, response, () => session?.end());
  if (stream === null) await session?.end();
  if (stream === null || session === null || isAccepted(await askAgain(target, presented))) return stream;
  // It has a single session, which other checks need.
  await stream.close();
  return null;
}

/** Reads a stream until it ends. */
function watch(target: Target, response: HttpResponse, endSession?: () => Promise<void> | undefined): OpenedStream {
  let endedAt: number | null = null;
  const ended = readToEnd(response).then(() => (endedAt = target.now()));
  return {
    async endsWithin(ms) {
      const waiting = new AbortController();
      // An interruption ends the stream too.
      await Promise.race([ended, sleep(ms, waiting.signal)]);
      waiting.abort();
      return endedAt;
    },
    async close() {
      response.close();
      await endSession?.();
    },
  };
}

/** Resolves when the stream ends, breaks off, or refuses the request. */
async function readToEnd(response: HttpResponse): Promise<void> {
  try {
    for await (const { data } of readEvents(response)) if (parseReply(data, "")?.error !== undefined) return;
  } catch (error) {
    if (!(error instanceof KeysError)) throw error;
  }
}
