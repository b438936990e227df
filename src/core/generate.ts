import { KeysError } from "../errors.ts";
import type { Digest } from "./digest.ts";
import type { Epoch, Key, KeyId, KeyName, Version } from "./key.ts";
import { containsToken } from "./find-token.ts";
import { DEFAULT_PREFIX, parsePrefix } from "./token.ts";

/** The most characters of a name. */
export const NAME_LENGTH = 64;

/** The settings of a new key. */
export interface KeyInput {
  readonly name: string;
  readonly prefix?: string;
  readonly scopes?: readonly string[];
  readonly audience?: readonly string[];
  readonly owner?: string;
  readonly note?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** The first second at which its first version no longer works; `null` for never. */
  readonly expiresAt: Epoch | null;
}

/** The values of a new key that come from randomness, the clock and the environment. */
export interface KeySeed {
  readonly id: KeyId;
  readonly digest: Digest;
  readonly now: Epoch;
  readonly by: string;
  /** `pending` if its token has yet to be delivered. */
  readonly state: "pending" | "current";
}

/**
 * Plans a new key with its first version, not yet written (revision 0).
 * @throws {@link KeysError} `USAGE` with the name of an invalid field; `TOKEN_MISPLACED`
 */
export function planKey(input: KeyInput, { id, digest, now, by, state }: KeySeed): Key {
  refuseTokens(input);
  return {
    id,
    name: parseName(input.name),
    prefix: parsePrefix(input.prefix ?? DEFAULT_PREFIX),
    scopes: unique((input.scopes ?? []).map(parseScope)),
    audience: unique((input.audience ?? []).map(parseAudience)),
    ...(input.owner !== undefined && { owner: parseLine("owner", input.owner) }),
    ...(input.note !== undefined && { note: parseLine("note", input.note) }),
    tags: parseTags(input.tags ?? {}),
    createdAt: now,
    createdBy: by,
    enabled: true,
    revision: 0,
    versions: [createVersion(1, digest, now, input.expiresAt, state)],
  };
}

/** Refuses a token in a field, because everything but digests is stored and shown as it is. */
export function refuseTokens(input: object): void {
  for (const [field, value] of Object.entries<unknown>({ ...input })) {
    const texts = typeof value === "object" && value !== null ? Object.entries(value).flat() : [value];
    if (!texts.some((text) => typeof text === "string" && containsToken(text))) continue;
    throw new KeysError("TOKEN_MISPLACED", `the ${SINGULAR[field] ?? field} of the key contains a token`);
  }
}

const SINGULAR: Readonly<Record<string, string>> = {
  ...{ scopes: "scope", addScopes: "scope", removeScopes: "scope" },
  tags: "tag",
};

/** Creates a version that has never been used. */
export function createVersion(
  n: number,
  digest: Digest,
  createdAt: Epoch,
  expiresAt: Epoch | null,
  state: "pending" | "current",
): Version {
  const promoted = state === "current" && { promotedAt: createdAt };
  return { n, digest, createdAt, expiresAt, state, ...promoted, lastUsedAt: null };
}

/** Parses a key name: 1 to 64 of `[A-Za-z0-9._-]`. It cannot start with a dash, because it would look like a flag. */
export function parseName(text: string): KeyName {
  if (!/^[A-Za-z0-9._][A-Za-z0-9._-]{0,63}$/.test(text)) {
    throw new KeysError("USAGE", `${quote(text)} is not a valid key name`, {
      hint: "use 1 to 64 letters, digits, dots, dashes and underscores, such as ci-deploy",
    });
  }
  return text;
}

/**
 * Parses one scope: printable ASCII without spaces, quotes and backslashes. No comma, which separates scopes on the command line,
 * and no `*`, which looks like a wildcard but would only match itself.
 * @throws {@link KeysError} `USAGE`
 * @see RFC 6749 section 3.3 (scope-token)
 */
export function parseScope(text: string): string {
  if (/^[\x21\x23-\x29\x2b\x2d-\x5b\x5d-\x7e]{1,128}$/.test(text)) return text;
  throw new KeysError("USAGE", `${quote(text)} is not a valid scope`, {
    hint: text.includes("*")
      ? "wildcards are not supported; name each scope, such as notes:read"
      : "use one word such as notes:read for each scope, without quotes, commas or backslashes",
  });
}

/**
 * Parses the URL of a server and returns it as {@link normalizeAudience} does.
 * @throws {@link KeysError} `USAGE`
 */
export function parseAudience(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== "" ||
    url.search !== "" ||
    url.hash !== "" ||
    /\s/.test(text)
  ) {
    throw new KeysError("USAGE", `${quote(text)} is not a server URL`, {
      hint: "use https://host/mcp, without a query",
    });
  }
  return normalizeAudience(url);
}

/** Normalizes a server URL, so different spellings compare equal: no trailing slash, no default port, a lower-case host. */
export function normalizeAudience(url: URL): string {
  return url.origin + url.pathname.replace(/\/+$/, "");
}

/** Checks the names and values of tags. */
export function parseTags(tags: Readonly<Record<string, string>>): Record<string, string> {
  for (const [name, value] of Object.entries(tags)) {
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(name)) {
      throw new KeysError("USAGE", `${quote(name)} is not a valid tag name`, { hint: "write tags as team=payments" });
    }
    parseLine(`value of the tag ${name}`, value);
  }
  return { ...tags };
}

/** Accepts one line only: a line break would break lists and logs. An empty one is usually a variable that is not set. */
export function parseLine(what: string, text: string): string {
  if (text.trim() === "")
    throw new KeysError("USAGE", `the ${what} is empty`, { hint: "write a value, or leave it out" });
  if (text.length > 256 || /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text)) {
    throw new KeysError("USAGE", `the ${what} is not one line of at most 256 characters`, { hint: "shorten it" });
  }
  return text;
}

/** Removes repetitions. */
export function unique(items: readonly string[]): string[] {
  return [...new Set(items)];
}

/** Quotes a short text. A long one may be a token in the wrong place, so it is not repeated. */
export function quote(text: string): string {
  return text.length > 40 ? "that text" : JSON.stringify(text);
}
