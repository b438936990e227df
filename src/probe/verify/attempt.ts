import { KeysError } from "../../errors.ts";
import type { Conversation } from "../mcp/conversation.ts";
import { headerOf } from "../../http/http.ts";
import { isRefusal } from "../mcp/answer-kind.ts";

/** Result of presenting a key once, or why there was no answer. */
export type Attempt = Conversation | KeysError;

/** Results with your key, without a key and with wrong ones. */
export interface Attempts {
  /** With your key. */
  readonly real: Attempt;
  /** Without a key. */
  readonly anonymous?: Attempt;
  readonly bogus?: Attempt;
  /** With yours, changed in the middle. Only if yours was accepted. */
  readonly changed?: Attempt;
  /** Without a key in the other eras. A failure there proves nothing. */
  readonly elsewhere?: readonly Attempt[];
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

/** Returns the conversations in which the server accepted what it should refuse. */
export function findBreaches({ anonymous, bogus, changed, elsewhere = [] }: Attempts): Conversation[] {
  return [anonymous, bogus, changed, ...elsewhere].filter(isAccepted);
}

/**
 * Returns whether your key must be presented again: a control was refused with a status other than 401 or 403. A server with a single
 * session answers 400 to every later client, guarded or not.
 */
export function needsRepeat(attempts: Attempts): boolean {
  const { real, anonymous, bogus, changed } = attempts;
  if (!isAccepted(real) || findBreaches(attempts).length > 0) return false;
  return [anonymous, bogus, changed].some((one) => isConversation(one) && !isRefusal(one.answer));
}

/**
 * Runs a conversation and ends its session, because some servers allow only one. Returns errors that are the server's fault and throws
 * all others.
 */
export async function attempt(run: () => Promise<Conversation>): Promise<Attempt> {
  try {
    const conversation = await run();
    await conversation.end?.();
    return conversation;
  } catch (error) {
    if (isServerFault(error)) return error;
    throw error;
  }
}

/** Returns whether the error says that the server is unreachable or not MCP. */
export function isServerFault(error: unknown): error is KeysError {
  return error instanceof KeysError && (error.code === "SERVER_UNREACHABLE" || error.code === "SERVER_NOT_MCP");
}
