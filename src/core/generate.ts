import { KeysError } from "../errors.ts";
import type { Digest } from "./digest.ts";
import type { Epoch, Key, KeyId, KeyName, Version } from "./key.ts";
import { parsePrefix } from "./token.ts";

/** What a person decides about a new key. Everything is optional but what {@link planKey} asks for. */
export interface KeyInput {
  readonly name: string;
  readonly prefix?: string;
  readonly scopes?: readonly string[];
  readonly audience?: readonly string[];
  readonly owner?: string;
  readonly note?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** The first second at which the first version no longer works; `null` for never. */
  readonly expiresAt: Epoch | null;
}

/** What chance and the clock add to it. */
export interface KeySeed {
  readonly id: KeyId;
  readonly digest: Digest;
  readonly now: Epoch;
  readonly by: string;
  /** `pending` until its token has been delivered. */
  readonly state: "pending" | "current";
}

/**
 * A new key with its first version, not yet written (revision 0).
 * @throws {@link KeysError} `USAGE` naming the field that is not in order
 */
export function planKey(input: KeyInput, { id, digest, now, by, state }: KeySeed): Key {
  return {
    id,
    name: parseName(input.name),
    prefix: parsePrefix(input.prefix ?? "mcp"),
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

/** 1 to 64 of `[A-Za-z0-9._-]`, not led by a dash, so that no name can be taken for a flag. */
export function parseName(text: string): KeyName {
  if (!/^[A-Za-z0-9._][A-Za-z0-9._-]{0,63}$/.test(text)) {
    throw new KeysError("USAGE", `${quote(text)} is not a name for a key`, {
      hint: "use 1 to 64 letters, digits, dots, dashes and underscores, such as ci-deploy",
    });
  }
  return text;
}

/** One scope-token. @see RFC 6749 section 3.3 */
export function parseScope(text: string): string {
  if (!/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(text)) {
    throw new KeysError("USAGE", `${quote(text)} is not a scope`, {
      hint: "one word without blanks, such as notes:read",
    });
  }
  return text;
}

/**
 * The URL of a server, as {@link normalizeAudience} writes it.
 * @throws {@link KeysError} `USAGE`
 */
export function parseAudience(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.search !== "" || url.hash !== "") {
    throw new KeysError("USAGE", `${quote(text)} is not the URL of a server`, {
      hint: "write it as https://host/mcp, without a query",
    });
  }
  return normalizeAudience(url);
}

/** Two ways of writing the same server compare alike: no closing slash, no default port, a host in lower case. */
export function normalizeAudience(url: URL): string {
  return url.origin + url.pathname.replace(/\/+$/, "");
}

function parseTags(tags: Readonly<Record<string, string>>): Record<string, string> {
  for (const [name, value] of Object.entries(tags)) {
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(name)) {
      throw new KeysError("USAGE", `${quote(name)} is not the name of a tag`, { hint: "write tags as team=payments" });
    }
    parseLine(`tag ${name}`, value);
  }
  return { ...tags };
}

/** Text for people: one line, so that no list or log is torn apart by it. */
function parseLine(what: string, text: string): string {
  if (text.length > 256 || /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text)) {
    throw new KeysError("USAGE", `the ${what} is not one line of at most 256 characters`, { hint: "shorten it" });
  }
  return text;
}

function unique(items: readonly string[]): string[] {
  return [...new Set(items)];
}

/** A slip may be a token pasted in the wrong place: long texts are not repeated. */
function quote(text: string): string {
  return text.length > 40 ? "that" : JSON.stringify(text);
}
