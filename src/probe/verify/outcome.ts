import { KeysError } from "../../errors.ts";
import { isAccepted, isInconclusive, type Attempts } from "./attempt.ts";
import { kindOf, type AnswerKind } from "../mcp/answer-kind.ts";
import type { Outcome } from "./verification.ts";

const OUTCOME_OF: Readonly<Record<AnswerKind, Outcome>> = {
  result: "not-mcp", // of a handshake that was none; a result to the request that matters is judged before this
  unauthorized: "refused",
  forbidden: "forbidden",
  redirect: "not-mcp",
  limited: "server-error",
  failed: "server-error",
  "rpc-error": "server-error",
  other: "not-mcp",
};

/**
 * What three presentations prove. A door that is open stands above everything: it is the worse news, also when your key is
 * refused. Then comes what became of your key; only when it is let in does it matter whether the others could be judged.
 */
export function outcomeOf({ real, anonymous, bogus, repeated }: Attempts): Outcome {
  if (isAccepted(anonymous) || isAccepted(bogus)) return "not-enforced";
  if (real instanceof KeysError) return real.code === "SERVER_NOT_MCP" ? "not-mcp" : "unreachable";
  if (!real.accepted) {
    const outcome = OUTCOME_OF[kindOf(real.answer)];
    // It shook hands in MCP before it went astray.
    return outcome === "not-mcp" && real.server !== null && kindOf(real.answer) !== "redirect"
      ? "server-error"
      : outcome;
  }
  const inconclusive = [anonymous, bogus].filter((control) => control !== undefined).find(isInconclusive);
  if (inconclusive === undefined) return repeated === undefined || isAccepted(repeated) ? "enforced" : "server-error";
  return inconclusive instanceof KeysError && inconclusive.code === "SERVER_UNREACHABLE"
    ? "unreachable"
    : "server-error";
}
