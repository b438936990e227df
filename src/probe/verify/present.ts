import { KeysError } from "../../errors.ts";
import { isConversation, needsRepeat, type Attempt, type Attempts } from "./attempt.ts";
import { negotiate, converse } from "../mcp/negotiate.ts";
import type { Conversation } from "../mcp/conversation.ts";
import { NOTHING, type Credentials } from "../mcp/credentials.ts";
import { outcomeOf } from "./outcome.ts";
import type { Wire } from "../mcp/wire.ts";

/**
 * Makes the presentations: the real key first, since it finds out what the server speaks, then none and the bogus one side
 * by side, asking what the real one asked. They are made as well when the real key was refused, for a server may refuse it
 * and let everybody else in; only where nothing speaks MCP there is no door to try.
 * @param wire - The way to the server that presents these.
 */
export async function presentAll(
  wire: (credentials: Credentials) => Wire,
  { key, bogus }: { key: Credentials; bogus: Credentials },
): Promise<Attempts> {
  const real = await attempt(() => negotiate(wire(key)));
  if (!isConversation(real) || outcomeOf({ real }) === "not-mcp") return { real };
  const { server } = real;
  const present = (other: Credentials): Promise<Attempt> =>
    attempt(() => (server === null ? negotiate(wire(other)) : converse(wire(other), server)));
  const [anonymous, fake] = await Promise.all([present(NOTHING), present(bogus)]);
  const attempts = { real, anonymous, bogus: fake };
  return needsRepeat(attempts) ? { ...attempts, repeated: await present(key) } : attempts;
}

/**
 * What a server does wrong is part of the proof; what we do wrong is thrown on. The session ends before the next begins,
 * since some servers have but one.
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

export function isServerFault(error: unknown): error is KeysError {
  return error instanceof KeysError && (error.code === "SERVER_UNREACHABLE" || error.code === "SERVER_NOT_MCP");
}
