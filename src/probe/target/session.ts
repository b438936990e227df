import type { PresentedKey } from "../mcp/presented-key.ts";
import { readGreeting, sessionOf } from "../mcp/era-legacy.ts";
import { legacyRequest, withHeaders } from "../mcp/planned-request.ts";
import { INITIALIZED, initializeRequest, rpcRequest, LEGACY_VERSION } from "../mcp/rpc-message.ts";
import type { OpenSession, Target } from "./target.ts";

/** Requests that {@link openSession} sends at most. */
export const OPEN_SESSION_REQUESTS = 2;

/**
 * Opens a session of the legacy era; `null` if the server opens none. The caller ends the session, because some servers allow
 * only one.
 * @param presented - Default: the valid key.
 * @throws `KeysError` `SERVER_UNREACHABLE`, `SERVER_NOT_MCP`, `INTERRUPTED`
 */
export async function openSession(target: Target, presented: PresentedKey = target.right): Promise<OpenSession | null> {
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
