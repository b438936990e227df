import {
  assumedGreeting,
  chooseRequest,
  judgedBy,
  readServerInfo,
  stoppedAt,
  type Conversation,
  type Greeting,
} from "./conversation.ts";
import { isObject, objectAt, textAt, textsAt, type JsonObject } from "./json.ts";
import { isRefusal, kindOf } from "./answer-kind.ts";
import type { McpAnswer, Wire } from "./wire.ts";
import { META, MODERN_VERSION, modernParams, rpcRequest } from "./rpc-message.ts";

/** JSON-RPC error code for an unsupported protocol version. */
const UNSUPPORTED_VERSION = -32022;

/**
 * Speaks MCP without sessions: `server/discover`, then the judged request. Sends that too if `server/discover` is refused, because some
 * guards protect only the first request.
 * @param known - The greeting from an earlier conversation; skips `server/discover`.
 * @param brief - Stops if the server refuses `server/discover`.
 * @see MCP 2026-07-28, basic/transports/streamable-http and server/discover
 */
export async function speakModern(wire: Wire, known?: Greeting, brief = false): Promise<Conversation> {
  if (known !== undefined) return judgedBy(await ask(wire, known.judged, known.params), known);
  const hello = await ask(wire, "server/discover");
  const server = readGreeting(hello);
  if (server === null && isRefusal(hello) && !brief) return listAnyway(wire, hello);
  if (server === null) return { ...stoppedAt(hello), supported: supportedBy(hello) };
  const answer = server.judged === "server/discover" ? hello : await ask(wire, server.judged);
  return judgedBy(answer, server);
}

async function listAnyway(wire: Wire, refused: McpAnswer): Promise<Conversation> {
  const server = assumedGreeting("modern", MODERN_VERSION);
  const listed = judgedBy(await ask(wire, server.judged), server);
  return listed.accepted ? listed : stoppedAt(refused);
}

function ask(wire: Wire, method: string, params: JsonObject = {}): Promise<McpAnswer> {
  const name = textAt(params, "name");
  const named = { "mcp-method": method, ...(name === undefined ? {} : { "mcp-name": name }) };
  const message = rpcRequest(method, { ...params, ...modernParams(wire.clientInfo) });
  return wire.post(message, { "mcp-protocol-version": MODERN_VERSION, ...named });
}

function readGreeting(hello: McpAnswer): Greeting | null {
  const result = hello.reply?.result;
  if (kindOf(hello) !== "result" || result === undefined) return null;
  if (!textsAt(result, "supportedVersions").includes(MODERN_VERSION) || !isObject(result["capabilities"])) return null;
  const chosen = chooseRequest(result["capabilities"], "server/discover");
  const info = readServerInfo(objectAt(result, "_meta"), `${META}/serverInfo`);
  return { era: "modern", protocolVersion: MODERN_VERSION, ...chosen, ...info };
}

function supportedBy({ reply }: McpAnswer): string[] | undefined {
  if (reply?.error?.code !== UNSUPPORTED_VERSION) return undefined;
  return textsAt(reply.error.data, "supported");
}
