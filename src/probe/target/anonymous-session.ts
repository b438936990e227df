import { isConversation, type Attempt } from "../verify/attempt.ts";
import { stoppedAt, type Greeting } from "../mcp/conversation.ts";
import { NOTHING, type Credentials } from "../mcp/credentials.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import type { Target } from "./target.ts";
import { KeysError } from "../../errors.ts";

/**
 * Asks once more in the one session that was opened without a key, where a server opens sessions to anybody: one request, in
 * place of a conversation with its end. `null` where there is no such session, and where they do not get the refusal that no key
 * gets there; then only a conversation of their own tells.
 */
export async function askInAnonymousSession(
  target: Target,
  credentials: Credentials,
  greeting: Greeting,
): Promise<Attempt | null> {
  const usual =
    greeting === target.greeting && greeting.era === "legacy" && !target.survey.handshakeFree.includes("legacy");
  if (!usual || credentials.kind === "right" || credentials.id === NOTHING.id) return null;
  const nobody = await target.present(NOTHING);
  if (!isConversation(nobody) || nobody.server === null || !isRefusal(nobody.answer)) return null;
  const session = await target.openAnonymousSession();
  if (session === null) return null;
  const seen = await target.exchange(session.ask(), credentials);
  return !(seen instanceof KeysError) && seen.status === nobody.answer.status ? stoppedAt(seen) : null;
}
