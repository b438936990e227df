import { KeysError } from "../../errors.ts";
import { attempt, isAccepted, isConversation, type Attempt } from "./attempt.ts";
import type { Greeting, Era } from "../mcp/conversation.ts";
import { negotiate, converse } from "../mcp/negotiate.ts";
import type { PresentedKey } from "../mcp/presented-key.ts";
import { skipHandshake, speakLegacy } from "../mcp/era-legacy.ts";
import { speakSse } from "../mcp/era-sse.ts";
import { kindOf } from "../mcp/answer-kind.ts";
import type { Wire } from "../mcp/wire.ts";

/** Facts about a server that a run learns with the valid key before it sends anything else. */
export interface Survey {
  /** Result with the valid key. */
  readonly real: Attempt;
  /** Greetings of the eras in which it was accepted, newest first. Checks use the first one. */
  readonly greetings: readonly Greeting[];
  /** Whether the server opens sessions. */
  readonly sessions: boolean;
  /** Eras in which the server answers the judged request without a handshake. */
  readonly handshakeFree: readonly Era[];
  /** Eras in which it did not answer. */
  readonly silent: readonly Era[];
  /** Whether the server did not answer, or not in MCP. */
  readonly absent: boolean;
}

/** Servers name the endpoint at once. Other streams never do, and most servers have none. */
const BRIEFLY = { endpointMs: 400 };

/** Cost of a survey. It sends only the valid key. */
export const SURVEY_COST = { requests: 15, wrong: 0 };

/**
 * Presents the valid key in every era: first {@link negotiate}, then the older ones, because the server may speak several.
 * @throws `KeysError` `INTERRUPTED`
 */
export async function takeSurvey(wire: (presented: PresentedKey) => Wire, key: PresentedKey): Promise<Survey> {
  const real = await attempt(() => negotiate(wire(key)));
  const first = isAccepted(real) ? real.server : null;
  const silent = isConversation(real) ? (real.silent ?? []) : [];
  const [older, oldest] = await Promise.all([
    first?.era === "modern" ? attempt(() => speakLegacy(wire(key))) : undefined,
    first === null || first.era === "sse" ? undefined : attempt(() => speakSse(wire(key), undefined, BRIEFLY)),
  ]);
  const found = [real, older, oldest].filter(isAccepted).map(({ server }) => server);
  const greetings = found.filter((greeting) => greeting !== null);
  const sessions = [real, older].some((one) => isConversation(one) && one.end !== undefined);
  const handshakeFree: Era[] = first?.era === "modern" ? ["modern"] : [];
  const legacy = greetings.find(({ era }) => era === "legacy");
  if (legacy !== undefined && isAccepted(await attempt(() => skipHandshake(wire(key), legacy))))
    handshakeFree.push("legacy");
  return { real, greetings, sessions, handshakeFree, silent, absent: isAbsent(real) };
}

/** Holds a conversation in the era of `greeting`, or negotiates one. */
export function attemptConversation(wire: Wire, greeting: Greeting | undefined): Promise<Attempt> {
  return attempt(() => (greeting === undefined ? negotiate(wire) : converse(wire, greeting)));
}

/** Holds the shortest conversation that proves something. */
export function attemptBriefly(wire: Wire, greeting: Greeting, handshakeFree: boolean): Promise<Attempt> {
  if (greeting.era !== "legacy") return attemptConversation(wire, greeting);
  return attempt(() => (handshakeFree ? skipHandshake(wire, greeting) : speakLegacy(wire, greeting, true)));
}

function isAbsent(real: Attempt): boolean {
  if (real instanceof KeysError) return true;
  const kind = kindOf(real.answer);
  return !real.accepted && real.server === null && (kind === "other" || kind === "redirect" || kind === "result");
}
