import {
  chooseRequest,
  judgedBy,
  readServerInfo,
  stoppedAt,
  type Conversation,
  type Greeting,
} from "./conversation.ts";
import { objectAt, textAt, type JsonObject } from "./json.ts";
import { isRefusal, kindOf } from "./answer-kind.ts";
import { headerOf } from "../../http/http.ts";
import type { McpAnswer, ClientInfo, RpcMessage, Wire } from "./wire.ts";

export const LEGACY_VERSION = "2025-11-25";

/**
 * MCP with a handshake: `initialize`, `notifications/initialized`, then the request that matters, in the session the server
 * gave, if it gave one.
 * @param brief - Leaves it at that where the handshake is refused.
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
 * A refused handshake is not yet a refusal of the request that matters: some guards watch the handshake alone. So it is
 * sent without one; what is not let in by that either stays with the first answer.
 */
export async function retryWithoutHandshake(wire: Wire, refused: McpAnswer, known?: Greeting): Promise<Conversation> {
  const server = known ?? assumedGreeting("legacy", LEGACY_VERSION);
  const skipped = await skipHandshake(wire, server);
  return skipped.accepted ? skipped : stoppedAt(refused);
}

/** The request that matters, alone: enough where the server answers it without a handshake to whom it lets in. */
export async function skipHandshake(wire: Wire, known: Greeting): Promise<Conversation> {
  const answer = await wire.post(judgedRequest(known));
  return kindOf(answer) === "result" ? judgedBy(answer, known) : stoppedAt(answer);
}

/** A server whose handshake nobody got to see. */
export function assumedGreeting(era: "legacy" | "sse", protocolVersion: string): Greeting {
  return { era, protocolVersion, judged: "tools/list", lists: ["tools/list"] };
}

/** A message that is answered. */
export type RpcRequest = RpcMessage & { readonly id: string };

export const INITIALIZED: RpcMessage = { method: "notifications/initialized" };

export function initializeRequest(client: ClientInfo, protocolVersion: string): RpcRequest {
  const params = { protocolVersion, capabilities: {}, clientInfo: client };
  return { id: "mcp-keys:initialize", method: "initialize", params };
}

export function rpcRequest(method: string, params: JsonObject = {}): RpcRequest {
  return { id: `mcp-keys:${method}`, method, params };
}

export function judgedRequest({ judged, params }: Greeting): RpcRequest {
  return rpcRequest(judged, params);
}

/** `null` when this is not the result of an `initialize`. */
export function readGreeting(hello: McpAnswer, era: "legacy" | "sse"): Greeting | null {
  const result = kindOf(hello) === "result" ? hello.reply?.result : undefined;
  const protocolVersion = result === undefined ? undefined : textAt(result, "protocolVersion");
  // It goes out again as a header.
  if (result === undefined || protocolVersion === undefined || !/^[\w.-]{1,32}$/.test(protocolVersion)) return null;
  const chosen = chooseRequest(objectAt(result, "capabilities"), "ping");
  return { era, protocolVersion, ...chosen, ...readServerInfo(result, "serverInfo") };
}

/** The header that goes on in the session which this answer opened, if it opened one. */
export function sessionOf(hello: McpAnswer): { "mcp-session-id": string } | null {
  const id = headerOf(hello, "mcp-session-id");
  return id !== undefined && /^[\x21-\x7e]{1,1024}$/.test(id) ? { "mcp-session-id": id } : null;
}
