import { KeysError } from "../../errors.ts";
import { isConversation, isAccepted, type Attempt } from "./attempt.ts";
import type { Greeting, Era } from "../mcp/conversation.ts";
import { negotiate, converse } from "../mcp/negotiate.ts";
import type { Credentials } from "../mcp/credentials.ts";
import { skipHandshake, speakLegacy } from "../mcp/era-legacy.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import { attempt } from "./present.ts";
import type { Wire } from "../mcp/wire.ts";

/** What the right key found out before anything else is asked. */
export interface Survey {
  /** What became of your key. */
  readonly real: Attempt;
  /** Every era in which it was let in, newest first; the first is the one that checks use. Empty when it was not. */
  readonly greetings: readonly Greeting[];
  /** Whether the server gives session ids. */
  readonly sessions: boolean;
  /** The eras that need no handshake: the request that matters is answered to the key when it comes alone. */
  readonly handshakeFree: readonly Era[];
  /** Nothing there speaks MCP, or nothing there answers; then there is no door to try. */
  readonly absent: boolean;
}

/** The most a survey sends, all with the right key. */
export const SURVEY_COST = { requests: 15, wrong: 0 };

/**
 * Presents the right key in every era the server may speak. Which of the two older ones it is, the fall-back of
 * {@link negotiate} finds out; a server that speaks the newest may speak the one before it too.
 * @throws `KeysError` `INTERRUPTED`
 */
export async function takeSurvey(wire: (credentials: Credentials) => Wire, key: Credentials): Promise<Survey> {
  const real = await attempt(() => negotiate(wire(key)));
  const first = isAccepted(real) ? real.server : null;
  const older = first?.era === "modern" ? await attempt(() => speakLegacy(wire(key))) : undefined;
  const greetings = [first, isAccepted(older) ? older.server : null].filter((greeting) => greeting !== null);
  const sessions = [real, older].some((one) => isConversation(one) && one.end !== undefined);
  const handshakeFree: Era[] = first?.era === "modern" ? ["modern"] : [];
  const legacy = greetings.find(({ era }) => era === "legacy");
  if (legacy !== undefined && isAccepted(await attempt(() => skipHandshake(wire(key), legacy))))
    handshakeFree.push("legacy");
  return { real, greetings, sessions, handshakeFree, absent: isAbsent(real) };
}

/** The same presentation in an era that is known, or in whichever there is. */
export function attemptConversation(wire: Wire, greeting: Greeting | undefined): Promise<Attempt> {
  return attempt(() => (greeting === undefined ? negotiate(wire) : converse(wire, greeting)));
}

/** The same in the fewest requests that prove something. */
export function attemptBriefly(wire: Wire, greeting: Greeting, handshakeFree: boolean): Promise<Attempt> {
  if (greeting.era !== "legacy") return attemptConversation(wire, greeting);
  return attempt(() => (handshakeFree ? skipHandshake(wire, greeting) : speakLegacy(wire, greeting, true)));
}

function isAbsent(real: Attempt): boolean {
  if (real instanceof KeysError) return true;
  const kind = kindOf(real.answer);
  return !real.accepted && real.server === null && (kind === "other" || kind === "redirect" || kind === "result");
}
