import { KeysError } from "../../errors.ts";
import { stoppedAt, type Conversation, type Greeting } from "../mcp/conversation.ts";
import { retryWithoutHandshake, speakLegacy } from "../mcp/era-legacy.ts";
import { MODERN_VERSION, speakModern } from "../mcp/era-modern.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import type { Wire } from "../mcp/wire.ts";

/** What a program that has refused the handshake may take to answer anything else. Milliseconds. */
const AFTER_REFUSAL = 2000;

/**
 * Asks a program for what a key is for, in whichever era it speaks. The older handshake comes first, since programs of every
 * era answer it: with a greeting or with an error.
 * @param wire - The way to it, with a limit in milliseconds for each answer.
 * @param onDecline - Told when `initialize` is answered with an error.
 * @throws `KeysError` `SERVER_UNREACHABLE` when it ends or falls silent before it has answered at all, `INTERRUPTED`
 */
export async function lead(wire: (limit: number) => Wire, onDecline: () => void): Promise<Conversation> {
  const legacy = await speakLegacy(wire(Infinity));
  if (legacy.server !== null) return legacy;
  if (kindOf(legacy.answer) === "rpc-error") onDecline();
  try {
    return await goOn(wire(AFTER_REFUSAL), legacy);
  } catch (error) {
    // It has said no, and said no more.
    if (error instanceof KeysError && error.code === "SERVER_UNREACHABLE") return stoppedAt(legacy.answer);
    throw error;
  }
}

/** A program of the newest era alone, or one that guards its handshakes and nothing else. */
async function goOn(wire: Wire, legacy: Conversation): Promise<Conversation> {
  const modern = await speakModern(wire);
  if (modern.server !== null) return modern;
  const straight = await retryWithoutHandshake(wire, legacy.answer);
  return straight.accepted ? straight : speakModern(wire, UNMET);
}

const UNMET: Greeting = {
  era: "modern",
  protocolVersion: MODERN_VERSION,
  judged: "tools/list",
  lists: ["tools/list"],
};
