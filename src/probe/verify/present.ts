import { attempt, isConversation, needsRepeat, type Attempt, type Attempts } from "./attempt.ts";
import { converse, negotiate, OTHER_ERA_MS, speakIn } from "../mcp/negotiate.ts";
import { ERAS, type Conversation, type Era } from "../mcp/conversation.ts";
import { NOTHING, type PresentedKey } from "../mcp/presented-key.ts";
import { outcomeOf } from "./outcome.ts";
import type { Wire } from "../mcp/wire.ts";

/** Keys that the server should not accept. */
export interface WrongKeys {
  /** A made-up key. */
  readonly bogus: PresentedKey;
  /** The key, changed in the middle; `null` if it is too short. */
  readonly changed: PresentedKey | null;
}

/**
 * Presents the real key to learn the era, then in parallel no key and the wrong ones with the same request, and no key in the other
 * eras. Does so even if the real key was refused, because the server may still accept everything else, but not if the server is not MCP.
 * @param wire - Creates a connection that presents a key.
 */
export async function presentAll(
  wire: (presented: PresentedKey) => Wire,
  key: PresentedKey,
  wrongKeys: Promise<WrongKeys>,
): Promise<Attempts> {
  const [real, { bogus, changed }] = await Promise.all([attempt(() => negotiate(wire(key))), wrongKeys]);
  if (!isConversation(real) || outcomeOf({ real }) === "not-mcp") return { real };
  const { server } = real;
  const present = (other: PresentedKey): Promise<Attempt> =>
    attempt(() => (server === null ? negotiate(wire(other), other !== NOTHING) : converse(wire(other), server)));
  const [anonymous, fake, altered, elsewhere] = await Promise.all([
    present(NOTHING),
    present(bogus),
    // A changed key says no more than a bogus one if the server refuses the original.
    real.accepted && changed !== null ? present(changed) : undefined,
    presentInEras(wire(NOTHING), otherEras(real)),
  ]);
  const attempts = { real, anonymous, bogus: fake, changed: altered, elsewhere };
  return needsRepeat(attempts) ? { ...attempts, repeated: await present(key) } : attempts;
}

/** Returns the eras that were not tried or answered. Nothing is expected of one that was silent with the real key. */
function otherEras({ server, silent = [] }: Conversation): Era[] {
  return server === null ? [] : ERAS.filter((era) => era !== server.era && !silent.includes(era));
}

function presentInEras(wire: Wire, eras: readonly Era[]): Promise<Attempt[]> {
  const ms = Math.min(OTHER_ERA_MS, wire.timeLeft() / 2);
  return Promise.all(eras.map((era) => attempt(() => speakIn(era, wire.within(ms)))));
}
