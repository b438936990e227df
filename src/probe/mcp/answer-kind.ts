import type { McpAnswer } from "./wire.ts";

/**
 * Kind of an answer. The status comes first, because a guard answers before MCP does.
 * `result` accepted · `unauthorized` 401 · `forbidden` 403 · `redirect` 3xx · `limited` 429 · `failed` 500 and above ·
 * `rpc-error` a JSON-RPC error in a 2xx · `other` everything else.
 */
export type AnswerKind =
  "result" | "unauthorized" | "forbidden" | "redirect" | "limited" | "failed" | "rpc-error" | "other";

export function kindOf({ status, reply }: McpAnswer): AnswerKind {
  if (status === 401) return "unauthorized";
  if (status === 403) return "forbidden";
  if (status === 429) return "limited";
  if (status >= 500) return "failed";
  if (status >= 300 && status < 400) return "redirect";
  if (status >= 400 || reply === null) return "other";
  return reply.error === undefined ? "result" : "rpc-error";
}

/** Returns whether the answer refuses the key: 401 or 403. */
export function isRefusal(answer: Pick<McpAnswer, "status">): boolean {
  return answer.status === 401 || answer.status === 403;
}

/** Returns whether the answer may say that a header is missing: 400 or 422, as validators of requests answer, such as FastAPI's. */
export function isInvalid({ status }: Pick<McpAnswer, "status">): boolean {
  return status === 400 || status === 422;
}
