import { KeysError } from "../../errors.ts";
import type { Conversation } from "../mcp/conversation.ts";
import { isRefusal } from "../mcp/answer-kind.ts";

/** Result of presenting a key once, or why there was no answer. */
export type Attempt = Conversation | KeysError;

/** Results with your key, with no key and with a bogus one. */
export interface Attempts {
  /** With your key. */
  readonly real: Attempt;
  /** Without a key. */
  readonly anonymous?: Attempt;
  readonly bogus?: Attempt;
  /** With your key once more, see {@link needsRepeat}. */
  readonly repeated?: Attempt;
}

export function isConversation(attempt: Attempt | undefined): attempt is Conversation {
  return attempt !== undefined && !(attempt instanceof KeysError);
}

export function isAccepted(attempt: Attempt | undefined): attempt is Conversation {
  return isConversation(attempt) && attempt.accepted;
}

/**
 * Returns whether an attempt proves nothing: no answer, a rate limit, a lost session, or a 5xx other than 500, with which some
 * verifiers refuse a key.
 */
export function isInconclusive(control: Attempt): boolean {
  if (control instanceof KeysError) return true;
  const { answer, server } = control;
  return answer.status === 429 || answer.status > 500 || (answer.status === 404 && server?.era === "legacy");
}

/**
 * Returns whether your key must be presented again: a control was refused with a status other than 401 or 403. A server with a single
 * session answers 400 to every later client, guarded or not.
 */
export function needsRepeat({ real, anonymous, bogus }: Attempts): boolean {
  if (!isAccepted(real) || isAccepted(anonymous) || isAccepted(bogus)) return false;
  return [anonymous, bogus].some((one) => isConversation(one) && !isRefusal(one.answer));
}
