import { KeysError } from "../../errors.ts";
import { isConversation, needsRepeat, type Attempt, type Attempts } from "./attempt.ts";
import { negotiate, converse } from "../mcp/negotiate.ts";
import type { Conversation } from "../mcp/conversation.ts";
import { NOTHING, type PresentedKey } from "../mcp/presented-key.ts";
import { outcomeOf } from "./outcome.ts";
import type { Wire } from "../mcp/wire.ts";

/**
 * Presents the real key to learn the era, then in parallel no key and the bogus key with the same request. Presents them even
 * if the real key was refused, because the server may still accept everything else, but not if the server is not MCP.
 * @param wire - Creates a connection that presents a key.
 */
export async function presentAll(
  wire: (presented: PresentedKey) => Wire,
  { key, bogus }: { key: PresentedKey; bogus: PresentedKey },
): Promise<Attempts> {
  const real = await attempt(() => negotiate(wire(key)));
  if (!isConversation(real) || outcomeOf({ real }) === "not-mcp") return { real };
  const { server } = real;
  const present = (other: PresentedKey): Promise<Attempt> =>
    attempt(() => (server === null ? negotiate(wire(other)) : converse(wire(other), server)));
  const [anonymous, fake] = await Promise.all([present(NOTHING), present(bogus)]);
  const attempts = { real, anonymous, bogus: fake };
  return needsRepeat(attempts) ? { ...attempts, repeated: await present(key) } : attempts;
}

/**
 * Runs a conversation and ends its session, because some servers allow only one. Returns errors that are the server's fault and throws
 * all others.
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

/** Returns whether the error says that the server is unreachable or not MCP. */
export function isServerFault(error: unknown): error is KeysError {
  return error instanceof KeysError && (error.code === "SERVER_UNREACHABLE" || error.code === "SERVER_NOT_MCP");
}
