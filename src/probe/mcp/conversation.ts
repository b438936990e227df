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

/** What one presentation came to. */
export interface Conversation {
  /** The answer that decided: to the request that matters, or the one at which the handshake ended. */
  readonly answer: McpAnswer;
  /** Whether the request that matters was answered with a result. */
  readonly accepted: boolean;
  /** What the handshake told, where it succeeded. */
  readonly server: Greeting | null;
  /** How many tools the first page of `tools/list` names. */
  readonly tools?: number;
  /** The versions the server asks for, where it refused ours. */
  readonly supported?: readonly string[];
  /** Ends the session, where there is one. */
  readonly end?: () => Promise<void>;
}

/** What a handshake told about the server. */
export interface Greeting {
  readonly era: Era;
  readonly protocolVersion: string;
  readonly name?: string;
  readonly version?: string;
  /** The request that matters, see {@link chooseRequest}. */
  readonly judged: string;
  /** What it is sent with, beyond what every request of the era is. */
  readonly params?: JsonObject;
  /** Every list that the server offers, the one that is judged among them. */
  readonly lists: readonly string[];
}

/** A handshake that went no further. */
export function stoppedAt(answer: McpAnswer): Conversation {
  return { answer, accepted: false, server: null };
}

/** The answer to the request that matters. */
export function judgedBy(answer: McpAnswer, server: Greeting): Conversation {
  const tools = answer.reply?.result?.["tools"];
  const accepted = kindOf(answer) === "result";
  return { answer, accepted, server, tools: accepted && Array.isArray(tools) ? tools.length : undefined };
}

/**
 * The request that tells whether the door is shut, since some servers answer the handshake to anybody: the first list
 * that the server offers, else `fallback`.
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
