import { isObject, objectAt, textAt, type JsonObject } from "./json.ts";
import { kindOf } from "./answer-kind.ts";
import type { McpAnswer } from "./wire.ts";

/**
 * A generation of MCP: `modern` is 2026-07-28 and later, `legacy` 2025-03-26 to 2025-11-25, `sse` HTTP+SSE of 2024-11-05.
 * @example
 * ```ts
 * import type { Era } from "mcp-keys";
 *
 * const usesSessions = (era: Era): boolean => era !== "modern";
 * ```
 */
export type Era = "modern" | "legacy" | "sse";

/** Newest first, in the order in which they are tried. */
export const ERAS: readonly Era[] = ["modern", "legacy", "sse"];

const ERA_NAMES: Readonly<Record<Era, string>> = {
  modern: "the modern era (MCP 2026-07-28)",
  legacy: "the legacy era (MCP 2025-03-26 to 2025-11-25)",
  sse: "the era of HTTP+SSE (MCP 2024-11-05)",
};

export function nameEra(era: Era): string {
  return ERA_NAMES[era];
}

/** Result of presenting a key once. */
export interface Conversation {
  /** The answer that decides: to the judged request, or the last one of a failed handshake. */
  readonly answer: McpAnswer;
  /** Whether the judged request got a result. */
  readonly accepted: boolean;
  /** The server's greeting, if the handshake succeeded. */
  readonly server: Greeting | null;
  /** The era that was spoken, unless a refusal hides whether the server speaks it. */
  readonly era?: Era;
  /** Eras in which there was no answer. */
  readonly silent?: readonly Era[];
  /** Eras in which the first message was refused or invalid, the refused ones first. */
  readonly refusing?: readonly Era[];
  /** Number of tools on the first page of `tools/list`. */
  readonly tools?: number;
  /** Protocol versions that the server supports, if it refused ours. */
  readonly supported?: readonly string[];
  /** Ends the session, if there is one. */
  readonly end?: () => Promise<void>;
}

/** A server's description of itself in the handshake. */
export interface Greeting {
  readonly era: Era;
  readonly protocolVersion: string;
  readonly name?: string;
  readonly version?: string;
  /** The method of the judged request, see {@link chooseRequest}. */
  readonly judged: string;
  /** Its own parameters, without those of every request in this era. */
  readonly params?: JsonObject;
  /** All list methods that the server offers, including the judged one. */
  readonly lists: readonly string[];
}

/** Replaces the greeting of a server that refused the handshake. */
export function assumedGreeting(era: Era, protocolVersion: string): Greeting {
  return { era, protocolVersion, judged: "tools/list", lists: ["tools/list"] };
}

/** Builds the result of a handshake that did not succeed. */
export function stoppedAt(answer: McpAnswer): Conversation {
  return { answer, accepted: false, server: null };
}

/** Builds the result of a conversation from the answer to the judged request. */
export function judgedBy(answer: McpAnswer, server: Greeting): Conversation {
  const tools = answer.reply?.result?.["tools"];
  const accepted = kindOf(answer) === "result" || holdsList(answer, server.judged);
  const listed = accepted && Array.isArray(tools) ? tools.length : undefined;
  return { answer, accepted, server, era: server.era, tools: listed };
}

/** Returns whether an answer holds the list that was asked for. Some servers send it along with a refusing status. */
export function holdsList({ reply }: Pick<McpAnswer, "reply">, judged: string): boolean {
  const [list = "", verb] = judged.split("/");
  return verb === "list" && Array.isArray(reply?.result?.[list]);
}

/**
 * Chooses the judged request, whose answer tells whether the server accepts a key: the first list that the server offers, else
 * `fallback`. The handshake proves nothing, because some servers answer it without a key.
 */
export function chooseRequest(capabilities: JsonObject, fallback: string): Pick<Greeting, "judged" | "lists"> {
  const offered = ["tools", "resources", "prompts"].filter((name) => isObject(capabilities[name]));
  const lists = offered.map((name) => `${name}/list`);
  return { judged: lists[0] ?? fallback, lists };
}

export function readServerInfo(holder: JsonObject, name: string): Pick<Greeting, "name" | "version"> {
  const info = objectAt(holder, name);
  return { name: textAt(info, "name"), version: textAt(info, "version") };
}
