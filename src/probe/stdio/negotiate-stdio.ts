import { KeysError } from "../../errors.ts";
import { stoppedAt, type Conversation, type Greeting } from "../mcp/conversation.ts";
import { retryWithoutHandshake, speakLegacy } from "../mcp/era-legacy.ts";
import { speakModern } from "../mcp/era-modern.ts";
import { MODERN_VERSION } from "../mcp/rpc-message.ts";
import type { Wire } from "../mcp/wire.ts";

/** Milliseconds for each answer after a refused handshake. */
const AFTER_REFUSAL_MS = 2000;

/**
 * Sends the judged request to a program, in the era it speaks. Starts with the older handshake, because programs of every
 * era answer it with a greeting or an error.
 * @param wire - Connects to the program with a limit in milliseconds for each answer.
 * @throws `KeysError` `SERVER_UNREACHABLE` if it ends or times out before its first answer, `INTERRUPTED`
 */
export async function negotiateStdio(wire: (limit: number) => Wire): Promise<Conversation> {
  const legacy = await speakLegacy(wire(Infinity));
  if (legacy.server !== null) return legacy;
  try {
    return await tryOtherEras(wire(AFTER_REFUSAL_MS), legacy);
  } catch (error) {
    // It refused the handshake and then stopped answering.
    if (error instanceof KeysError && error.code === "SERVER_UNREACHABLE") return stoppedAt(legacy.answer);
    throw error;
  }
}

/** Finds programs that speak only the modern era, or guard only their handshake. */
async function tryOtherEras(wire: Wire, legacy: Conversation): Promise<Conversation> {
  const modern = await speakModern(wire, undefined, true);
  if (modern.server !== null) return modern;
  const straight = await retryWithoutHandshake(wire, legacy.answer);
  return straight.accepted ? straight : speakModern(wire, ASSUMED_GREETING);
}

const ASSUMED_GREETING: Greeting = {
  era: "modern",
  protocolVersion: MODERN_VERSION,
  judged: "tools/list",
  lists: ["tools/list"],
};
