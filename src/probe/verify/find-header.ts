import type { Secret } from "../../core/secret.ts";
import { headerOf } from "../../http/http.ts";
import { isRefusal } from "../mcp/answer-kind.ts";
import { parseChallenges } from "../mcp/challenge.ts";
import type { Conversation } from "../mcp/conversation.ts";
import { BEARER, formatKeyHeader, parseKeyHeader, type KeyHeader } from "../mcp/key-header.ts";
import { speakIn } from "../mcp/negotiate.ts";
import { keyHeaders, type PresentedKey } from "../mcp/presented-key.ts";
import type { Wire } from "../mcp/wire.ts";
import { attempt, isAccepted, isConversation, type Attempt } from "./attempt.ts";

/** Common headers for keys, most common first. One request carries them all. */
const HEADERS = ["X-API-Key", "Api-Key", "X-Auth-Token", "X-Access-Token", "X-Api-Token", "ApiKey", "X-Token"]
  .concat("X-MCP-Proxy-Auth: Bearer", "X-MCP-API-Key", "X-MCP-Token")
  .map(parseKeyHeader);
/** Common forms of `Authorization`. Each needs a request of its own. */
const FORMS = ["", "Token", "ApiKey", "Api-Key"].map((scheme) => parseKeyHeader(`Authorization: ${scheme}`));
/** Schemes whose value is not a key alone. */
const NO_KEY = /^(?:bearer|basic|digest|negotiate|ntlm|dpop|hoba|mutual|scram-.*)$/;

/** Cost of {@link findHeader}. It sends only the valid key. */
export const FIND_HEADER_COST = { requests: 26, wrong: 0 };

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
 * common headers at once, and halves the list if that is accepted.
 * @throws `KeysError` `INTERRUPTED`
 */
export async function findHeader(refused: RefusedKey): Promise<KeyHeader | null> {
  const { real, header } = refused;
  const isOther = (other: KeyHeader): boolean => formatKeyHeader(other) !== formatKeyHeader(header);
  if (real.accepted || !isRefusal(real.answer) || /insufficient_scope/i.test(challengeIn(real))) return null;
  const inHeader = await narrow(refused, HEADERS.filter(isOther));
  if (inHeader !== null) return inHeader;
  for (const form of [...namedForms(real), BEARER, ...FORMS].filter(isOther)) {
    if (isAccepted(await present(refused, [form]))) return form;
  }
  return null;
}

async function narrow(refused: RefusedKey, headers: readonly KeyHeader[]): Promise<KeyHeader | null> {
  const together = await present(refused, headers);
  if (!isAccepted(together))
    return isConversation(together) && isRefusal(together.answer) ? null : tryEach(refused, headers);
  let left = headers;
  while (left.length > 1) {
    const half = left.slice(0, Math.ceil(left.length / 2));
    left = isAccepted(await present(refused, half)) ? half : left.slice(half.length);
  }
  return left[0] ?? null;
}

/** For servers that refuse two keys in one request in another way. */
async function tryEach(refused: RefusedKey, headers: readonly KeyHeader[]): Promise<KeyHeader | null> {
  for (const header of headers) if (isAccepted(await present(refused, [header]))) return header;
  return null;
}

function present({ real, token, wire }: RefusedKey, headers: readonly KeyHeader[]): Promise<Attempt> {
  const [era = "modern"] = real.refusing ?? [];
  const presented: PresentedKey = {
    ...{ id: `key in ${headers.map(formatKeyHeader).join(", ")}`, name: "your key in another header", kind: "valid" },
    headers: () =>
      Object.assign({}, ...headers.map((header) => keyHeaders(header, token.reveal()))) as Record<string, string>,
  };
  return attempt(() => speakIn(era, wire(presented), true));
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
