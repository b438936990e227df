import { isConversation, type Attempt } from "../verify/attempt.ts";
import { stoppedAt, type Greeting } from "../mcp/conversation.ts";
import { NOTHING, type PresentedKey } from "../mcp/presented-key.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import type { Target } from "./target.ts";
import { KeysError } from "../../errors.ts";

/**
 * Presents a key in the session that was opened without a key, if the server allows such sessions. One request then replaces
 * a conversation of several.
 * @returns `null` if there is no such session, or the key does not get the same refusal as no key; then only a conversation
 * of their own can tell
 */
export async function askInAnonymousSession(
  target: Target,
  presented: PresentedKey,
  greeting: Greeting,
): Promise<Attempt | null> {
  const applies =
    greeting === target.greeting && greeting.era === "legacy" && !target.survey.handshakeFree.includes("legacy");
  if (!applies || presented.kind === "right" || presented.id === NOTHING.id) return null;
  const anonymous = await target.present(NOTHING);
  if (!isConversation(anonymous) || anonymous.server === null || !isRefusal(anonymous.answer)) return null;
  const session = await target.openAnonymousSession();
  if (session === null) return null;
  const result = await target.exchange(session.ask(), presented);
  return !(result instanceof KeysError) && result.status === anonymous.answer.status ? stoppedAt(result) : null;
}
