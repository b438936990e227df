import type { Conversation, Greeting } from "./conversation.ts";
import { retryWithoutHandshake, speakLegacy } from "./era-legacy.ts";
import { speakModern } from "./era-modern.ts";
import { speakSse } from "./era-sse.ts";
import { isRefusal, kindOf } from "./answer-kind.ts";
import type { Wire } from "./wire.ts";

/**
 * Finds out which era a server speaks and sends the judged request. A 401 or 403 does not tell the era, because the guard
 * answers before MCP does. 429 and 5xx end the search.
 * @throws `KeysError` `SERVER_UNREACHABLE`, `SERVER_NOT_MCP`, `INTERRUPTED`.
 * @see MCP 2026-07-28, basic/versioning (how clients of both eras fall back)
 */
export async function negotiate(wire: Wire): Promise<Conversation> {
  const modern = await speakModern(wire);
  if (modern.server === null && isRefusal(modern.answer)) return retryWithoutHandshake(wire, modern.answer);
  if (!maySpeakOtherEra(modern)) return modern;

  const legacy = await speakLegacy(wire);
  if (!maySpeakOtherEra(legacy) || kindOf(legacy.answer) === "rpc-error") return legacy;

  const sse = await speakSse(wire);
  const { supported } = modern;
  return sse.server !== null || isRefusal(sse.answer) ? sse : { ...legacy, supported };
}

/** Holds the conversation again in a known era. */
export function converse(wire: Wire, server: Greeting): Promise<Conversation> {
  const speak = { modern: speakModern, legacy: speakLegacy, sse: speakSse }[server.era];
  return speak(wire, server);
}

function maySpeakOtherEra({ server, answer }: Conversation): boolean {
  const kind = kindOf(answer);
  return server === null && (kind === "other" || kind === "rpc-error" || kind === "result");
}
