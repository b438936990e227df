import { KeysError } from "../../errors.ts";
import { judgedBy, stoppedAt, type Conversation, type Greeting } from "./conversation.ts";
import {
  INITIALIZED,
  initializeRequest,
  judgedRequest,
  readGreeting,
  assumedGreeting,
  type RpcRequest,
} from "./era-legacy.ts";
import { isRefusal, kindOf } from "./answer-kind.ts";
import { isEventStream, parseReply, readEvents, type RpcReply } from "./reply.ts";
import type { SseEvent } from "./sse.ts";
import type { McpAnswer, Wire } from "./wire.ts";

const VERSION = "2024-11-05";
/** How long a stream is given to name its endpoint; the stream of another transport never does. */
const ENDPOINT_MS = 5000;

type Events = AsyncGenerator<SseEvent, undefined>;

/**
 * MCP over HTTP+SSE: a stream names the address to post to and carries every reply.
 * @param poster - Posts to that address, where it is not to be who opened the stream.
 * @throws `SERVER_NOT_MCP` when that address is of another origin, where the token must not go.
 * @see MCP 2024-11-05, basic/transports
 */
export async function speakSse(wire: Wire, known?: Greeting, poster = wire): Promise<Conversation> {
  const started = wire.now();
  const response = await wire.open();
  if (response.status !== 200 || !isEventStream(response)) {
    return stoppedAt({ ...(await wire.finish(response)), ms: Math.round(wire.now() - started) });
  }
  const events = readEvents(response);
  const timer = setTimeout(() => response.close(), Math.min(ENDPOINT_MS, wire.left() / 2));
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

interface Line {
  readonly wire: Wire;
  readonly events: Events;
  readonly endpoint: URL;
}

async function talk(line: Line, known?: Greeting): Promise<Conversation> {
  const hello = await ask(line, initializeRequest(line.wire.clientInfo, VERSION));
  const server = readGreeting(hello, "sse");
  if (server === null) return isRefusal(hello) ? knockOn(line, hello, known) : stoppedAt(hello);
  await line.wire.post(INITIALIZED, {}, line.endpoint);
  return judgedBy(await ask(line, judgedRequest(known ?? server)), server);
}

/** As `knock` for the era after this one. */
async function knockOn(line: Line, refused: McpAnswer, known?: Greeting): Promise<Conversation> {
  const server = known ?? assumedGreeting("sse", VERSION);
  const answer = await ask(line, judgedRequest(server));
  return kindOf(answer) === "result" ? judgedBy(answer, server) : stoppedAt(refused);
}

async function ask({ wire, events, endpoint }: Line, message: RpcRequest): Promise<McpAnswer> {
  const started = wire.now();
  const answer = await wire.post(message, {}, endpoint);
  if (answer.status >= 300 || answer.reply !== null) return answer;
  const reply = await replyFrom(events, message.id);
  return { ...answer, reply, ms: Math.round(wire.now() - started) };
}

/** Goes on where the last reader stopped, so not with `for await`, which would end the stream on leaving. */
async function replyFrom(events: Events, id: string): Promise<RpcReply | null> {
  for (let next = await events.next(); next.done !== true; next = await events.next()) {
    const reply = parseReply(next.value.data, id);
    if (reply !== null) return reply;
  }
  return null;
}

async function endpointOf(wire: Wire, events: Events): Promise<URL | null> {
  for (let next = await events.next(); next.done !== true; next = await events.next()) {
    if (next.value.event !== "endpoint") continue;
    if (!URL.canParse(next.value.data, wire.url.href)) return null;
    const endpoint = new URL(next.value.data, wire.url);
    endpoint.username = endpoint.password = "";
    if (endpoint.origin === wire.url.origin) return endpoint;
    throw new KeysError("SERVER_NOT_MCP", "the server names an address of another origin to post to", {
      hint: "let it name a path alone, or its public https:// address; the key was not sent there",
    });
  }
  return null;
}
