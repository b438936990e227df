import { KeysError } from "../../errors.ts";
import type { Conversation } from "../mcp/conversation.ts";
import { headerOf } from "../../http/http.ts";
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
 * Statuses that can mean a refused key. 400 and 422: the header is missing or malformed. 404: the server hides itself. 500: some
 * verifiers throw on unknown keys. All others tell about something else: a proxy (407), time (408, 425), the rate (429).
 */
const REFUSING: readonly number[] = [400, 401, 403, 404, 422, 500];
/**
 * Redirects that turn a POST into a GET, such as one to a login page: the message is dropped, so they refuse it. The others ask for
 * the same message at another URL, where the key may be accepted (307, 308), or are no answer to a POST (300, 304).
 */
const DROPPING: readonly number[] = [301, 302, 303];

/** Returns whether an attempt proves nothing: no answer, a status that is no refusal, or a lost session. */
export function isInconclusive(control: Attempt): boolean {
  if (control instanceof KeysError) return true;
  const { answer, server } = control;
  if (answer.status < 300) return false;
  if (answer.status < 400) return !DROPPING.includes(answer.status) || !headerOf(answer, "location");
  return !REFUSING.includes(answer.status) || (answer.status === 404 && server?.era === "legacy");
}

/**
 * Returns whether your key must be presented again: a control was refused with a status other than 401 or 403. A server with a single
 * session answers 400 to every later client, guarded or not.
 */
export function needsRepeat({ real, anonymous, bogus }: Attempts): boolean {
  if (!isAccepted(real) || isAccepted(anonymous) || isAccepted(bogus)) return false;
  return [anonymous, bogus].some((one) => isConversation(one) && !isRefusal(one.answer));
}
