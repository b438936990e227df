import type { Secret } from "../../core/secret.ts";
import { headerOf, type HttpHeaders } from "../../http/http.ts";
import { isInvalid, isRefusal, kindOf } from "../mcp/answer-kind.ts";
import { parseChallenges } from "../mcp/challenge.ts";
import type { Conversation, Era } from "../mcp/conversation.ts";
import { BEARER, formatKeyHeader, parseKeyHeader, type KeyHeader } from "../mcp/key-header.ts";
import { negotiate, speakIn } from "../mcp/negotiate.ts";
import { keyHeaders, type PresentedKey } from "../mcp/presented-key.ts";
import type { Wire } from "../mcp/wire.ts";
import { attempt, isAccepted, isConversation } from "./attempt.ts";

/** Common headers for keys, most common first. One request carries them all. */
const HEADERS = ["X-API-Key", "Api-Key", "X-Auth-Token", "X-Access-Token", "X-Api-Token", "ApiKey", "X-Token"]
  .concat("X-MCP-Proxy-Auth: Bearer", "X-MCP-API-Key", "X-MCP-Token")
  .map(parseKeyHeader);
/** Common forms of `Authorization`. Each needs a request of its own. */
const FORMS = ["", "Token", "ApiKey", "Api-Key"].map((scheme) => parseKeyHeader(`Authorization: ${scheme}`));
/** Schemes whose value is not a key alone. */
const NO_KEY = /^(?:bearer|basic|digest|negotiate|ntlm|dpop|hoba|mutual|scram-.*)$/;
/** Headers that an answer may name, such as `x-service-key`, and how many of them are tried. */
const NAMED = /\b[a-z][a-z0-9]{0,20}(?:-[a-z0-9]{1,20}){0,4}-(?:key|token|auth|secret)\b/gi;
const MOST_NAMED = 4;

/** Cost of {@link findHeader}. It sends only the valid key. */
export const FIND_HEADER_COST = { requests: 40, wrong: 0 };

/** A refused key, and how to send it again. */
export interface RefusedKey {
  readonly real: Conversation;
  /** The header that carried it. */
  readonly header: KeyHeader;
  readonly token: Secret;
  /** Creates a connection to the same origin. */
  readonly wire: (presented: PresentedKey) => Wire;
}

/** Returns whether a key may have been refused because of its header: 401, 403, or in an era 400 or 422 to the first message. */
function mayMissHeader({ accepted, answer, server, refusing = [] }: Conversation): boolean {
  if (accepted) return false;
  return isRefusal(answer) || (server === null && kindOf(answer) === "other" && refusing.length > 0);
}

/**
 * Finds the header in which the server accepts a key that it refused; `null` if it is none of the common ones. Sends the key in all
 * common headers at once, and halves the list if the server does not refuse that.
 * @throws `KeysError` `INTERRUPTED`
 */
export async function findHeader(refused: RefusedKey): Promise<KeyHeader | null> {
  const { real, header } = refused;
  const isOther = (other: KeyHeader): boolean => formatKeyHeader(other) !== formatKeyHeader(header);
  if (!mayMissHeader(real) || /insufficient_scope/i.test(challengeIn(real))) return null;
  const named = namedHeaders(real);
  const isNew = ({ name }: KeyHeader): boolean => named.every((other) => other.name !== name);
  const inHeader = await narrow(refused, [...named, ...HEADERS.filter(isNew)].filter(isOther));
  if (inHeader !== null && (await isAccepting(refused, inHeader))) return inHeader;
  for (const form of [...namedForms(real), BEARER, ...FORMS].filter(isOther)) {
    if ((await passingEra(refused, [form])) !== null && (await isAccepting(refused, form))) return form;
  }
  return null;
}

async function narrow(refused: RefusedKey, headers: readonly KeyHeader[]): Promise<KeyHeader | null> {
  const era = await passingEra(refused, headers);
  if (era === null) return null;
  let left = headers;
  while (left.length > 1) {
    const half = left.slice(0, Math.ceil(left.length / 2));
    left = (await passes(refused, half, era)) ? half : left.slice(half.length);
  }
  return left[0] ?? null;
}

/** Returns an era in which the guard no longer refuses the first message. The server may not speak it. */
async function passingEra(refused: RefusedKey, headers: readonly KeyHeader[]): Promise<Era | null> {
  for (const era of erasToTry(refused.real)) if (await passes(refused, headers, era)) return era;
  return null;
}

/** All eras are refused alike. A message may also be invalid because the server does not speak its era. */
function erasToTry({ answer, refusing = [] }: Conversation): readonly Era[] {
  const [era = "modern"] = refusing;
  return isRefusal(answer) ? [era] : refusing;
}

async function passes({ real, wire, token }: RefusedKey, headers: readonly KeyHeader[], era: Era): Promise<boolean> {
  const result = await attempt(() => speakIn(era, wire(presentedIn(headers, token)), true));
  if (!isConversation(result) || isRefusal(result.answer) || kindOf(result.answer) === "limited") return false;
  // Behind a guard that refuses, an invalid message is one of an era that the server does not speak.
  return isRefusal(real.answer) || !isInvalid(result.answer);
}

async function isAccepting({ wire, token }: RefusedKey, header: KeyHeader): Promise<boolean> {
  return isAccepted(await attempt(() => negotiate(wire(presentedIn([header], token)), true)));
}

function presentedIn(headers: readonly KeyHeader[], token: Secret): PresentedKey {
  return {
    ...{ id: `key in ${headers.map(formatKeyHeader).join(", ")}`, name: "your key in another header", kind: "valid" },
    headers: () => Object.assign({}, ...headers.map((header) => keyHeaders(header, token.reveal()))) as HttpHeaders,
  };
}

/** Returns the schemes that the server asks for. */
function namedForms(real: Conversation): KeyHeader[] {
  const schemes = (parseChallenges(challengeIn(real)) ?? []).map(({ scheme }) => scheme);
  return schemes
    .filter((scheme) => !NO_KEY.test(scheme) && /^[a-z][a-z0-9-]{0,39}$/.test(scheme))
    .map((scheme) => ({ name: BEARER.name, scheme }));
}

/** Returns the headers that the answer names, for example because they are missing. */
function namedHeaders(real: Conversation): KeyHeader[] {
  const names = `${challengeIn(real)} ${real.answer.excerpt}`.match(NAMED) ?? [];
  return [...new Set(names.map((name) => name.toLowerCase()))].slice(0, MOST_NAMED).flatMap((name) => {
    try {
      return [parseKeyHeader(name)];
    } catch {
      return []; // a header with another meaning, or a secret
    }
  });
}

function challengeIn({ answer }: Conversation): string {
  return headerOf(answer, "www-authenticate") ?? "";
}
