import { isConversation, type Attempt } from "./attempt.ts";
import type { Greeting } from "../mcp/conversation.ts";
import { kindOf } from "../mcp/answer-kind.ts";

/** Replaces the judged request by a call of a tool without arguments. */
export function withToolCall(greeting: Greeting, tool: string): Greeting {
  return { ...greeting, judged: "tools/call", params: { name: tool, arguments: {} } };
}

/**
 * Result of a tool call. `done`: the tool answered · `failed`: MCP or the tool reported an error · `stopped`: refused, or no answer.
 */
export type ToolCallResult =
  | { readonly status: "done" }
  | { readonly status: "failed"; readonly message: string }
  | { readonly status: "stopped" };

/** Reads the result of a tool call. A tool error is never `done`, because some servers report "unauthorized" that way. */
export function readToolCall(attempt: Attempt): ToolCallResult {
  if (!isConversation(attempt)) return { status: "stopped" };
  const kind = kindOf(attempt.answer);
  const { error, result } = attempt.answer.reply ?? {};
  if (kind === "rpc-error") return { status: "failed", message: `${String(error?.code)} ${error?.message ?? ""}` };
  if (kind !== "result") return { status: "stopped" };
  return result?.["isError"] === true
    ? { status: "failed", message: JSON.stringify(result["content"]) }
    : { status: "done" };
}

/** Returns whether two calls failed with the same message. */
export function failedAlike(one: ToolCallResult, other: ToolCallResult): boolean {
  return one.status === "failed" && other.status === "failed" && one.message === other.message;
}
