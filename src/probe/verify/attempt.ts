import { KeysError } from "../../errors.ts";
import type { Conversation } from "../mcp/conversation.ts";
import { isRefusal } from "../mcp/answer-kind.ts";

/** What one presentation came to, or why it got no answer. */
export type Attempt = Conversation | KeysError;

/** The presentations that were made. */
export interface Attempts {
  readonly real: Attempt;
  readonly anonymous?: Attempt;
  readonly bogus?: Attempt;
  /** Your key once more, see {@link needsRepeat}. */
  readonly repeated?: Attempt;
}

export function isConversation(attempt: Attempt | undefined): attempt is Conversation {
  return attempt !== undefined && !(attempt instanceof KeysError);
}

export function isAccepted(attempt: Attempt | undefined): attempt is Conversation {
  return isConversation(attempt) && attempt.accepted;
}

/**
 * No answer, or one that another moment might have changed: a limit, a failure beyond the 500 by which some verifiers refuse
 * a key, a session that was lost.
 */
export function isInconclusive(control: Attempt): boolean {
  if (control instanceof KeysError) return true;
  const { answer, server } = control;
  return answer.status === 429 || answer.status > 500 || (answer.status === 404 && server?.era === "legacy");
}

/**
 * Whether a control was stopped by something other than 401 and 403. A server with one session for all answers 400 to whoever
 * comes second, guard or no guard; so your key must get in a second time before that counts as shut.
 */
export function needsRepeat({ real, anonymous, bogus }: Attempts): boolean {
  if (!isAccepted(real) || isAccepted(anonymous) || isAccepted(bogus)) return false;
  return [anonymous, bogus].some((one) => isConversation(one) && !isRefusal(one.answer));
}
