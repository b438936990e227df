import type { Secret } from "../../core/secret.ts";
import { headerOf, type HttpHeaders } from "../../http/http.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import { parseChallenges } from "../mcp/challenge.ts";
import type { Conversation } from "../mcp/conversation.ts";
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

/**
 * Finds the header in which the server accepts a key that it refused; `null` if it is none of the common ones. Sends the key in all
 * common headers at once, and halves the list if the server does not refuse that.
 * @throws `KeysError` `INTERRUPTED`
 */
export async function findHeader(refused: RefusedKey): Promise<KeyHeader | null> {
  const { real, header } = refused;
  const isOther = (other: KeyHeader): boolean => formatKeyHeader(other) !== formatKeyHeader(header);
  if (real.accepted || !isRefusal(real.answer) || /insufficient_scope/i.test(challengeIn(real))) return null;
  const inHeader = await narrow(refused, HEADERS.filter(isOther));
  if (inHeader !== null && (await isAccepting(refused, inHeader))) return inHeader;
  for (const form of [...namedForms(real), BEARER, ...FORMS].filter(isOther)) {
    if ((await passes(refused, [form])) && (await isAccepting(refused, form))) return form;
  }
  return null;
}

async function narrow(refused: RefusedKey, headers: readonly KeyHeader[]): Promise<KeyHeader | null> {
  if (!(await passes(refused, headers))) return null;
  let left = headers;
  while (left.length > 1) {
    const half = left.slice(0, Math.ceil(left.length / 2));
    left = (await passes(refused, half)) ? half : left.slice(half.length);
  }
  return left[0] ?? null;
}

/** Returns whether the guard no longer refuses the first message in an era in which it did. The server may not speak that era. */
async function passes(refused: RefusedKey, headers: readonly KeyHeader[]): Promise<boolean> {
  const [era = "modern"] = refused.real.refusing ?? [];
  const result = await attempt(() => speakIn(era, refused.wire(presentedIn(headers, refused.token)), true));
  return isConversation(result) && !isRefusal(result.answer) && result.answer.status !== 429;
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

function challengeIn({ answer }: Conversation): string {
  return headerOf(answer, "www-authenticate") ?? "";
}
