import { KeysError } from "../../errors.ts";
import { assumedGreeting, judgedBy, stoppedAt, type Conversation, type Greeting } from "./conversation.ts";
import { judgedRequest, readGreeting } from "./era-legacy.ts";
import { INITIALIZED, initializeRequest, type RpcRequest } from "./rpc-message.ts";
import { isRefusal } from "./answer-kind.ts";
import { EXCERPT_LIMIT, isEventStream, parseReply, readEvents, type AnswerContent } from "./reply.ts";
import type { SseEvent } from "./sse.ts";
import type { McpAnswer, Wire } from "./wire.ts";

const VERSION = "2024-11-05";
/** Time for the stream to name its endpoint. A stream of another transport never does. */
const ENDPOINT_MS = 5000;

interface SseOptions {
  /** Posts to that URL, possibly with another key. Default: the wire that opened the stream. */
  readonly poster?: Wire;
  /** Milliseconds until the stream must have named its endpoint. Default: 5,000. */
  readonly endpointMs?: number;
}

type Events = AsyncGenerator<SseEvent, undefined>;

/**
 * Speaks MCP over HTTP+SSE: a stream names the URL to post to and carries every reply.
 * @throws `SERVER_NOT_MCP` if that URL has another origin, which must not get the token
 * @see MCP 2024-11-05, basic/transports
 */
export async function speakSse(
  wire: Wire,
  known?: Greeting,
  { poster = wire, endpointMs = ENDPOINT_MS }: SseOptions = {},
): Promise<Conversation> {
  const started = wire.now();
  const response = await wire.open();
  if (response.status !== 200 || !isEventStream(response)) {
    return stoppedAt({ ...(await wire.finish(response)), ms: Math.round(wire.now() - started) });
  }
  const events = readEvents(response);
  const timer = setTimeout(() => response.close(), Math.min(endpointMs, wire.timeLeft() / 2));
  try {
    const endpoint = await endpointOf(wire, events);
    clearTimeout(timer);
    const opened = { status: 200, headers: response.headers, ms: 0, reply: null, excerpt: "" };
    if (endpoint === null) return stoppedAt(opened);
    return await talk({ wire: poster, events, endpoint }, known);
  } finally {
    clearTimeout(timer);
    response.close();
  }
}

interface SseConnection {
  readonly wire: Wire;
  readonly events: Events;
  readonly endpoint: URL;
}

async function talk(connection: SseConnection, known?: Greeting): Promise<Conversation> {
  const hello = await ask(connection, initializeRequest(connection.wire.clientInfo, VERSION));
  const server = readGreeting(hello, "sse");
  if (server === null) return isRefusal(hello) ? retryInStream(connection, hello, known) : stoppedAt(hello);
  await connection.wire.post(INITIALIZED, {}, connection.endpoint);
  return judgedBy(await ask(connection, judgedRequest(known ?? server)), server);
}

/** Sends the judged request after the server refused the handshake, like `retryWithoutHandshake`. */
async function retryInStream(connection: SseConnection, refused: McpAnswer, known?: Greeting): Promise<Conversation> {
  const server = known ?? assumedGreeting("sse", VERSION);
  const answered = judgedBy(await ask(connection, judgedRequest(server)), server);
  return answered.accepted ? answered : stoppedAt(refused);
}

async function ask({ wire, events, endpoint }: SseConnection, message: RpcRequest): Promise<McpAnswer> {
  const started = wire.now();
  const answer = await wire.post(message, {}, endpoint);
  if (answer.status >= 300 || answer.reply !== null) return answer;
  const reply = await replyFrom(events, message.id);
  return { ...answer, ...reply, ms: Math.round(wire.now() - started) };
}

/** Continues where the previous reader stopped. Not with `for await`, which would end the stream. */
async function replyFrom(events: Events, id: string): Promise<AnswerContent> {
  for (let next = await events.next(); next.done !== true; next = await events.next()) {
    const reply = parseReply(next.value.data, id);
    if (reply !== null) return { reply, excerpt: next.value.data.slice(0, EXCERPT_LIMIT) };
  }
  return { reply: null, excerpt: "" };
}

async function endpointOf(wire: Wire, events: Events): Promise<URL | null> {
  for (let next = await events.next(); next.done !== true; next = await events.next()) {
    if (next.value.event !== "endpoint") continue;
    if (!URL.canParse(next.value.data, wire.url.href)) return null;
    const endpoint = new URL(next.value.data, wire.url);
    endpoint.username = endpoint.password = "";
    if (endpoint.origin === wire.url.origin) return endpoint;
    throw new KeysError("SERVER_NOT_MCP", "the server wants messages posted to another origin", {
      hint: "let its endpoint event name a path, or its public https:// URL; the key was not sent there",
    });
  }
  return null;
}
