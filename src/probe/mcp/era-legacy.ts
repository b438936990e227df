import {
  assumedGreeting,
  chooseRequest,
  judgedBy,
  readServerInfo,
  stoppedAt,
  type Conversation,
  type Greeting,
} from "./conversation.ts";
import { objectAt, textAt } from "./json.ts";
import { isRefusal, kindOf } from "./answer-kind.ts";
import { headerOf } from "../../http/http.ts";
import type { McpAnswer, Wire } from "./wire.ts";
import { INITIALIZED, initializeRequest, LEGACY_VERSION, rpcRequest, type RpcRequest } from "./rpc-message.ts";

/**
 * Speaks MCP with a handshake: `initialize`, `notifications/initialized`, then the judged request, in a session if the server
 * opened one.
 * @param brief - Stops if the server refuses the handshake.
 * @see MCP 2025-11-25, basic/lifecycle and basic/transports
 */
export async function speakLegacy(wire: Wire, known?: Greeting, brief = false): Promise<Conversation> {
  const hello = await wire.post(initializeRequest(wire.clientInfo, LEGACY_VERSION));
  const server = readGreeting(hello, "legacy");
  if (server === null) return isRefusal(hello) && !brief ? retryWithoutHandshake(wire, hello, known) : stoppedAt(hello);
  const session = sessionOf(hello);
  const headers = { "mcp-protocol-version": server.protocolVersion, ...session };
  const end = session === null ? undefined : () => wire.end(headers);
  await wire.post(INITIALIZED, headers);
  const answer = await wire.post(judgedRequest(known ?? server), headers);
  return { ...judgedBy(answer, server), end };
}

/**
 * Sends the judged request after the server refused the handshake, because some guards protect only the handshake.
 * @returns its result if the server accepts it, otherwise the refusal of the handshake
 */
export async function retryWithoutHandshake(wire: Wire, refused: McpAnswer, known?: Greeting): Promise<Conversation> {
  const server = known ?? assumedGreeting("legacy", LEGACY_VERSION);
  const skipped = await skipHandshake(wire, server);
  return skipped.accepted ? skipped : stoppedAt(refused);
}

/** Sends only the judged request, for servers that answer it without a handshake. */
export async function skipHandshake(wire: Wire, known: Greeting): Promise<Conversation> {
  const answered = judgedBy(await wire.post(judgedRequest(known)), known);
  return answered.accepted ? answered : stoppedAt(answered.answer);
}

export function judgedRequest({ judged, params }: Greeting): RpcRequest {
  return rpcRequest(judged, params);
}

/** Reads the result of `initialize`; `null` for any other answer. */
export function readGreeting(hello: McpAnswer, era: "legacy" | "sse"): Greeting | null {
  const result = kindOf(hello) === "result" ? hello.reply?.result : undefined;
  const protocolVersion = result === undefined ? undefined : textAt(result, "protocolVersion");
  // Later requests send it back as a header.
  if (result === undefined || protocolVersion === undefined || !/^[\w.-]{1,32}$/.test(protocolVersion)) return null;
  const chosen = chooseRequest(objectAt(result, "capabilities"), "ping");
  return { era, protocolVersion, ...chosen, ...readServerInfo(result, "serverInfo") };
}

/** Returns the header of the session that this answer opened, or `null`. */
export function sessionOf(hello: McpAnswer): { "mcp-session-id": string } | null {
  const id = headerOf(hello, "mcp-session-id");
  return id !== undefined && /^[\x21-\x7e]{1,1024}$/.test(id) ? { "mcp-session-id": id } : null;
}
