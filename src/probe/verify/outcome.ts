import { KeysError } from "../../errors.ts";
import { findBreaches, isAccepted, isInconclusive, type Attempts } from "./attempt.ts";
import { kindOf, type AnswerKind } from "../mcp/answer-kind.ts";
import type { Outcome } from "./verification.ts";

const OUTCOME_OF: Readonly<Record<AnswerKind, Outcome>> = {
  result: "not-mcp", // the handshake was no MCP handshake; a result to the judged request counts as accepted
  unauthorized: "refused",
  forbidden: "forbidden",
  redirect: "not-mcp",
  limited: "server-error",
  failed: "server-error",
  "rpc-error": "server-error",
  other: "not-mcp",
};

/**
 * Derives the outcome. First tests whether the server is unprotected, even if it refuses your key, because nothing is worse. Then
 * judges the result with your key. The controls matter only if the server accepts your key.
 */
export function outcomeOf(attempts: Attempts): Outcome {
  const { real, anonymous, bogus, changed, repeated } = attempts;
  if (findBreaches(attempts).length > 0) return "not-enforced";
  if (real instanceof KeysError) return real.code === "SERVER_NOT_MCP" ? "not-mcp" : "unreachable";
  if (!real.accepted) {
    const outcome = OUTCOME_OF[kindOf(real.answer)];
    // It completed an MCP handshake before.
    return outcome === "not-mcp" && real.server !== null && kindOf(real.answer) !== "redirect"
      ? "server-error"
      : outcome;
  }
  const inconclusive = [anonymous, bogus, changed].filter((control) => control !== undefined).find(isInconclusive);
  if (inconclusive === undefined) return repeated === undefined || isAccepted(repeated) ? "enforced" : "server-error";
  return inconclusive instanceof KeysError && inconclusive.code === "SERVER_UNREACHABLE"
    ? "unreachable"
    : "server-error";
}
