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
import type { Answer, Client, Message, Wire } from "./wire.ts";

export const LEGACY_VERSION = "2025-11-25";

/**
 * MCP with a handshake: `initialize`, `notifications/initialized`, then the request that matters, in the session the server
 * gave, if it gave one.
 * @param brief - Leaves it at that where the handshake is refused.
 * @see MCP 2025-11-25, basic/lifecycle and basic/transports
 */
export async function speakLegacy(wire: Wire, known?: Greeting, brief = false): Promise<Conversation> {
  const hello = await wire.post(initialize(wire.client, LEGACY_VERSION));
  const server = readGreeting(hello, "legacy");
  if (server === null) return isRefusal(hello) && !brief ? knock(wire, hello, known) : stoppedAt(hello);
  const session = sessionOf(hello);
  const headers = { "mcp-protocol-version": server.protocolVersion, ...session };
  const end = session === null ? undefined : () => wire.end(headers);
  await wire.post(INITIALIZED, headers);
  const answer = await wire.post(judgedOf(known ?? server), headers);
  return { ...judgedBy(answer, server), end };
}

/**
 * A refused handshake is not yet a refusal of the request that matters: some guards watch the handshake alone. So it is
 * sent without one; what is not let in by that either stays with the first answer.
 */
export async function knock(wire: Wire, refused: Answer, known?: Greeting): Promise<Conversation> {
  const server = known ?? unmet("legacy", LEGACY_VERSION);
  const skipped = await skipHandshake(wire, server);
  return skipped.accepted ? skipped : stoppedAt(refused);
}

/** The request that matters, alone: enough where the server answers it without a handshake to whom it lets in. */
export async function skipHandshake(wire: Wire, known: Greeting): Promise<Conversation> {
  const answer = await wire.post(judgedOf(known));
  return kindOf(answer) === "result" ? judgedBy(answer, known) : stoppedAt(answer);
}

/** A server whose handshake nobody got to see. */
export function unmet(era: "legacy" | "sse", protocolVersion: string): Greeting {
  return { era, protocolVersion, judged: "tools/list", lists: ["tools/list"] };
}

/** A message that is answered. */
export type Request = Message & { readonly id: string };

export const INITIALIZED: Message = { method: "notifications/initialized" };

export function initialize(client: Client, protocolVersion: string): Request {
  const params = { protocolVersion, capabilities: {}, clientInfo: client };
  return { id: "mcp-keys:initialize", method: "initialize", params };
}

export function request(method: string, params: JsonObject = {}): Request {
  return { id: `mcp-keys:${method}`, method, params };
}

export function judgedOf({ judged, params }: Greeting): Request {
  return request(judged, params);
}

/** `null` when this is not the result of an `initialize`. */
export function readGreeting(hello: Answer, era: "legacy" | "sse"): Greeting | null {
  const result = kindOf(hello) === "result" ? hello.reply?.result : undefined;
  const protocolVersion = result === undefined ? undefined : textAt(result, "protocolVersion");
  // It goes out again as a header.
  if (result === undefined || protocolVersion === undefined || !/^[\w.-]{1,32}$/.test(protocolVersion)) return null;
  const chosen = chooseRequest(objectAt(result, "capabilities"), "ping");
  return { era, protocolVersion, ...chosen, ...readServerInfo(result, "serverInfo") };
}

/** The header that goes on in the session which this answer opened, if it opened one. */
export function sessionOf(hello: Answer): { "mcp-session-id": string } | null {
  const id = headerOf(hello, "mcp-session-id");
  return id !== undefined && /^[\x21-\x7e]{1,1024}$/.test(id) ? { "mcp-session-id": id } : null;
}
