import { formatOAuthError, type GuardResponse } from "./guard-response.ts";
import { isNamed } from "./header-name.ts";

/** Why a head cannot be judged: the server might read another one than the guard. */
export interface HeadFlaw {
  readonly response: GuardResponse;
  /** For the server's log. */
  readonly why: string;
}

/** Headers may be missing: Node drops those above its limit without a word, and still delivers the body. */
export const CUT: HeadFlaw = {
  response: formatOAuthError(431, "too_many_headers", "The request has too many headers"),
  why: "as many headers as Node reads (maxHeadersCount), so some may be missing",
};

/** RFC 9113 section 8.3.1: the two must name the same host. */
export const TWO_HOSTS: HeadFlaw = repeated("Host", "Host and :authority differ");

interface SingleHeader {
  /** In lower case. */
  readonly name: string;
  readonly flaw: HeadFlaw;
  /** Tests whether a value that contains a comma was joined from several. */
  isJoined(value: string): boolean;
}

/**
 * Headers that a request may have once. The guard or the MCP SDKs decide by them, and of two, one reader takes the first, another
 * both. `Authorization` is not listed: `extractToken` finds a second token anywhere.
 */
const SINGLE_HEADERS: readonly SingleHeader[] = [
  single("Host", () => true),
  single("Origin", () => true),
  // A parameter in quotes may contain a comma. Removed from the start only: a search at each quote takes quadratic time.
  single("Content-Type", (value) => value.replace(/^(?:[^",]|"(?:[^"\\]|\\.)*")*/, "") !== ""),
  single("MCP-Protocol-Version", () => true),
  // May contain commas, but no spaces.
  single("Mcp-Session-Id", (value) => /,(?:[ \t]|$)/.test(value)),
  single("Mcp-Method", () => true),
  // May be any text, so a comma proves nothing. All readers get the same value.
  single("Mcp-Name", () => false),
  single("Last-Event-ID", () => false),
];

/** A name is found by its length: no two are of the same length, and none is longer than the bits of an integer. */
const BY_LENGTH: readonly (SingleHeader | undefined)[] = Array.from({ length: 32 }, (_, length) =>
  SINGLE_HEADERS.find(({ name }) => name.length === length),
);

/** Finds a repeated header in alternating names and values. */
export function findRepeated(raw: readonly string[]): HeadFlaw | null {
  let seen = 0;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? "";
    const header = BY_LENGTH[name.length];
    if (header === undefined || !isNamed(name, header.name)) continue;
    const bit = 1 << name.length;
    if ((seen & bit) !== 0 || isJoined(header, raw[i + 1])) return header.flaw;
    seen |= bit;
  }
  return null;
}

/** Finds a repeated header where several arrive joined by `, `. */
export function findJoined(get: (name: string) => string | null): HeadFlaw | null {
  return SINGLE_HEADERS.find((header) => isJoined(header, get(header.name)))?.flaw ?? null;
}

function isJoined(header: SingleHeader, value: string | null | undefined): boolean {
  return value?.includes(",") === true && header.isJoined(value);
}

function single(name: string, isJoined: (value: string) => boolean): SingleHeader {
  return { name: name.toLowerCase(), flaw: repeated(name, `${name} more than once`), isJoined };
}

function repeated(name: string, why: string): HeadFlaw {
  const description = `The request contains more than one ${name}; send only one`;
  return { response: formatOAuthError(400, "invalid_request", description), why };
}
