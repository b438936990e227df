import { KeysError } from "../../errors.ts";
import { causeCode } from "./cause-code.ts";
import { ERAS, type Conversation, type Era, type Greeting } from "./conversation.ts";
import { speakLegacy } from "./era-legacy.ts";
import { speakModern } from "./era-modern.ts";
import { speakSse } from "./era-sse.ts";
import { isInvalid, isRefusal, kindOf, type AnswerKind } from "./answer-kind.ts";
import type { Wire } from "./wire.ts";

const SPEAK: Readonly<Record<Era, (wire: Wire, known?: Greeting, brief?: boolean) => Promise<Conversation>>> = {
  modern: speakModern,
  legacy: speakLegacy,
  sse: (wire, known) => speakSse(wire, known),
};

/**
 * Part of the time that is left for the first answer in each era. Half of it for the first, because a server that was asleep answers
 * its first request late.
 */
const SHARE: Readonly<Record<Era, number>> = { modern: 1 / 2, legacy: 1 / 3, sse: 1 };

/**
 * Presents a key in each era until the server accepts it. No failure ends the search early, because a server that refuses, fails or
 * is silent in one era may answer in another; only 429 and a host that cannot be reached do.
 * @param brief - Sends one request in each era, if the server refuses it.
 * @returns the accepted conversation, otherwise the most telling failure
 * @throws `KeysError` `SERVER_UNREACHABLE`, `SERVER_NOT_MCP`, `INTERRUPTED`.
 * @see MCP 2026-07-28, basic/versioning (how clients of both eras fall back)
 */
export async function negotiate(wire: Wire, brief = false): Promise<Conversation> {
  const tried: EraResult[] = [];
  for (const era of ERAS) {
    const result = await tryEra(wire.sharingTime(SHARE[era]), era, brief);
    tried.push({ era, result });
    if (isFinal(result) || wire.timeLeft() <= 0) break;
  }
  const { result: best } = mostTelling(tried);
  for (const { result } of tried) if (isAnswered(result) && result !== best) await result.end?.();
  if (!isAnswered(best)) throw best;
  const erasWith = (matches: (result: EraOutcome) => boolean): Era[] =>
    tried.filter(({ result }) => matches(result)).map(({ era }) => era);
  const supported = tried.map(({ result }) => (isAnswered(result) ? result.supported : undefined)).find(Boolean);
  const refusing = [...erasWith(isRefused), ...erasWith((result) => isAnswered(result) && isInvalid(result.answer))];
  return { ...best, silent: erasWith((result) => !isAnswered(result)), refusing, supported };
}

/** Holds the conversation again in a known era. */
export async function converse(wire: Wire, server: Greeting): Promise<Conversation> {
  return { ...(await SPEAK[server.era](wire, server)), era: server.era };
}

/** Milliseconds for an era in which the server may not speak at all. */
export const OTHER_ERA_MS = 2000;

/**
 * Presents a key in an era whose greeting is not known.
 * @param brief - Stops if the server refuses the first message.
 */
export function speakIn(era: Era, wire: Wire, brief = false): Promise<Conversation> {
  return SPEAK[era](wire, undefined, brief);
}

/** What came of one era. */
type EraOutcome = Conversation | KeysError;

interface EraResult {
  readonly era: Era;
  readonly result: EraOutcome;
}

async function tryEra(wire: Wire, era: Era, brief: boolean): Promise<EraOutcome> {
  try {
    return await SPEAK[era](wire, undefined, brief);
  } catch (error) {
    if (error instanceof KeysError && mayDifferByEra(error)) return error;
    throw error;
  }
}

/** No answer, or an unusable one. Codes of Node for a connection that was open. */
const OF_ONE_ERA = ["TIMED_OUT", "ECONNRESET", "ECONNABORTED", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE"];

function mayDifferByEra(error: KeysError): boolean {
  const { code } = error;
  if (code === "SERVER_NOT_MCP") return true;
  return code === "SERVER_UNREACHABLE" && OF_ONE_ERA.includes(causeCode(error));
}

function isAnswered(result: EraOutcome): result is Conversation {
  return !(result instanceof KeysError);
}

function isRefused(result: EraOutcome): boolean {
  return isAnswered(result) && !result.accepted && isRefusal(result.answer);
}

function isFinal(result: EraOutcome): boolean {
  return isAnswered(result) && (result.accepted || kindOf(result.answer) === "limited");
}

/** Most telling first. A web page says less than silence, because most servers have one at every path. */
const TELLING: readonly (AnswerKind | "error")[] = [
  ...(["limited", "unauthorized", "forbidden", "failed", "rpc-error", "error", "redirect", "result", "other"] as const),
];

function mostTelling(tried: readonly EraResult[]): EraResult {
  const ranked = tried.map((each) => ({ ...each, rank: rankOf(each) }));
  // Servers of today explain themselves best in the legacy era. All refuse alike.
  const preference: readonly Era[] = ranked.some(({ result }) => isRefused(result))
    ? ERAS
    : ["legacy", "modern", "sse"];
  const [best] = ranked.sort((a, b) => a.rank - b.rank || preference.indexOf(a.era) - preference.indexOf(b.era));
  if (best === undefined) throw new KeysError("BUG", "no era was tried");
  return best;
}

function rankOf({ era, result }: EraResult): number {
  // A GET without an answer is no sign of HTTP+SSE.
  if (!isAnswered(result)) {
    return era === "sse" && result.code === "SERVER_UNREACHABLE" ? TELLING.length : TELLING.indexOf("error");
  }
  if (result.accepted) return -2;
  return result.server === null ? TELLING.indexOf(kindOf(result.answer)) : -1;
}
