import { askLegacy, withHeaders } from "../mcp/planned-requests.ts";
import type { PlannedRequest } from "../mcp/planned-request.ts";
import { INITIALIZED, initialize, LEGACY_VERSION, readGreeting, request, sessionOf } from "../mcp/era-legacy.ts";
import type { Credentials } from "../mcp/credentials.ts";
import type { HttpHeaders } from "../../http/http.ts";
import type { Target } from "./target.ts";

/** A session of the legacy era that is open. */
export interface OpenSession {
  readonly id: string;
  /** What goes on in it. */
  readonly headers: HttpHeaders;
  /** Asks in it for what a key is for; another errand each time it is called, so that it is never shared. */
  ask(): PlannedRequest;
  /** Ends it; a server may refuse that, or not answer. */
  end(): Promise<void>;
}

/** The most {@link openSession} sends. */
export const OPENING = 2;

/**
 * Opens a session of the legacy era, with the right key when no other is named; `null` where none is opened. To be ended by
 * whoever opened it, since some servers have but one.
 * @throws `KeysError` `SERVER_UNREACHABLE`, `SERVER_NOT_MCP`, `INTERRUPTED`
 */
export async function openSession(
  target: Target,
  credentials: Credentials = target.right,
): Promise<OpenSession | null> {
  const wire = target.wire(credentials);
  const hello = await wire.post(initialize(target.client, LEGACY_VERSION));
  const greeting = readGreeting(hello, "legacy");
  const session = greeting === null ? null : sessionOf(hello);
  if (greeting === null || session === null) return null;
  const headers = { "mcp-protocol-version": greeting.protocolVersion, ...session };
  await wire.post(INITIALIZED, headers);
  const id = session["mcp-session-id"];
  let asked = 0;
  return {
    ...{ id, headers },
    ask: () => withHeaders(headers, `in ${id} ${String(asked++)}`, askLegacy(request(greeting.judged))),
    end: () => wire.end(headers),
  };
}
