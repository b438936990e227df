import { isConversation, type Attempt } from "./attempt.ts";
import type { Greeting } from "../mcp/conversation.ts";
import { kindOf } from "../mcp/answer-kind.ts";

/** The same era, asked to call a tool without arguments instead of for the list. */
export function withToolCall(greeting: Greeting, tool: string): Greeting {
  return { ...greeting, judged: "tools/call", params: { name: tool, arguments: {} } };
}

/**
 * What became of a call. `done` the tool answered · `failed` an error was said by MCP or by the tool, in these words · `stopped`
 * everything else: refused, or no answer.
 */
export type ToolCallResult =
  { readonly became: "done" } | { readonly became: "failed"; readonly words: string } | { readonly became: "stopped" };

/** Reads what a call came to. Some servers say "unauthorized" as an error of the tool, so that one is never `done`. */
export function readToolCall(attempt: Attempt): ToolCallResult {
  if (!isConversation(attempt)) return { became: "stopped" };
  const kind = kindOf(attempt.answer);
  const { error, result } = attempt.answer.reply ?? {};
  if (kind === "rpc-error") return { became: "failed", words: `${String(error?.code)} ${error?.message ?? ""}` };
  if (kind !== "result") return { became: "stopped" };
  return result?.["isError"] === true
    ? { became: "failed", words: JSON.stringify(result["content"]) }
    : { became: "done" };
}

/** Whether two calls failed in the same words. */
export function failedAlike(one: ToolCallResult, other: ToolCallResult): boolean {
  return one.became === "failed" && other.became === "failed" && one.words === other.words;
}
