import type { Conversation, Greeting } from "./conversation.ts";
import { retryWithoutHandshake, speakLegacy } from "./era-legacy.ts";
import { speakModern } from "./era-modern.ts";
import { speakSse } from "./era-sse.ts";
import { isRefusal, kindOf } from "./answer-kind.ts";
import type { Wire } from "./wire.ts";

/**
 * Finds out which era a server speaks and asks it the request that matters. A 401 or 403 says nothing about the era, since
 * the guard answers before MCP does; 5xx and 429 say nothing at all.
 * @throws `KeysError` `SERVER_UNREACHABLE`, `SERVER_NOT_MCP`, `INTERRUPTED`.
 * @see MCP 2026-07-28, basic/versioning (how a client of both eras falls back)
 */
export async function negotiate(wire: Wire): Promise<Conversation> {
  const modern = await speakModern(wire);
  if (modern.server === null && isRefusal(modern.answer)) return retryWithoutHandshake(wire, modern.answer);
  if (!mayBeOther(modern)) return modern;

  const legacy = await speakLegacy(wire);
  if (!mayBeOther(legacy) || kindOf(legacy.answer) === "rpc-error") return legacy;

  const sse = await speakSse(wire);
  const { supported } = modern;
  return sse.server !== null || isRefusal(sse.answer) ? sse : { ...legacy, supported };
}

/** The same presentation to a server whose era is known. */
export function converse(wire: Wire, server: Greeting): Promise<Conversation> {
  const speak = { modern: speakModern, legacy: speakLegacy, sse: speakSse }[server.era];
  return speak(wire, server);
}

function mayBeOther({ server, answer }: Conversation): boolean {
  const kind = kindOf(answer);
  return server === null && (kind === "other" || kind === "rpc-error" || kind === "result");
}
