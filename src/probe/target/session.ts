import { KeysError } from "../../errors.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import { stoppedAt, type Greeting } from "../mcp/conversation.ts";
import { NOTHING, type PresentedKey } from "../mcp/presented-key.ts";
import { readGreeting, sessionOf } from "../mcp/era-legacy.ts";
import { legacyRequest, withHeaders } from "../mcp/planned-request.ts";
import { INITIALIZED, initializeRequest, rpcRequest, LEGACY_VERSION } from "../mcp/rpc-message.ts";
import { isConversation, type Attempt } from "../verify/attempt.ts";
import type { OpenSession, Target } from "./target.ts";

/** Upper bound of the requests that {@link openSession} sends. */
export const OPEN_SESSION_REQUESTS = 2;

/**
 * Opens a session of the legacy era; `null` if the server opens none. The caller ends the session, because some servers allow
 * only one.
 * @param presented - Default: the valid key.
 * @throws `KeysError` `SERVER_UNREACHABLE`, `SERVER_NOT_MCP`, `INTERRUPTED`
 */
export async function openSession(target: Target, presented: PresentedKey = target.valid): Promise<OpenSession | null> {
  const wire = target.wire(presented);
  const hello = await wire.post(initializeRequest(target.clientInfo, LEGACY_VERSION));
  const greeting = readGreeting(hello, "legacy");
  const session = greeting === null ? null : sessionOf(hello);
  if (greeting === null || session === null) return null;
  const headers = { "mcp-protocol-version": greeting.protocolVersion, ...session };
  await wire.post(INITIALIZED, headers);
  const id = session["mcp-session-id"];
  let asked = 0;
  return {
    ...{ id, headers },
    ask: () => withHeaders(headers, `in ${id} ${String(asked++)}`, legacyRequest(rpcRequest(greeting.judged))),
    end: () => wire.end(headers),
  };
}

/**
 * Presents a key in a session that was opened without a key, if the server allows that. This takes one request instead of a whole
 * conversation.
 * @returns `null` if the server opens no session without a key, or refuses this key in another way than no key; then only a whole
 * conversation can tell
 */
export async function askInAnonymousSession(
  target: Target,
  presented: PresentedKey,
  greeting: Greeting,
): Promise<Attempt | null> {
  const applies =
    greeting === target.greeting && greeting.era === "legacy" && !target.survey.handshakeFree.includes("legacy");
  if (!applies || presented.kind === "valid" || presented.id === NOTHING.id) return null;
  const anonymous = await target.present(NOTHING);
  if (!isConversation(anonymous) || anonymous.server === null || !isRefusal(anonymous.answer)) return null;
  const session = await target.openAnonymousSession();
  if (session === null) return null;
  const result = await target.exchange(session.ask(), presented);
  return !(result instanceof KeysError) && result.status === anonymous.answer.status ? stoppedAt(result) : null;
}
