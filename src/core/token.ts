import { KeysError } from "../errors.ts";
import { TOKEN_LIMIT } from "./authorization.ts";
import { crc32 } from "./crc32.ts";
import type { KeyId } from "./key.ts";
import { Secret } from "./secret.ts";

/** The alphabet of ids, secrets and checksums. */
export const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
export const ID_LENGTH = 12;
/** 43 base62 characters carry 256 bits. */
export const SECRET_LENGTH = 43;
export const CHECKSUM_LENGTH = 6;
/** The prefix of a token if none is chosen. */
export const DEFAULT_PREFIX = "mcp";
const PREFIX_LIMIT = 24;
/** Id, `_`, secret and checksum. */
const TAIL_LENGTH = ID_LENGTH + 1 + SECRET_LENGTH + CHECKSUM_LENGTH;
const OWN_LIMIT = PREFIX_LIMIT + 1 + TAIL_LENGTH;
const UNDERSCORE = 95;

const PREFIX = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;
/** Prefix, id and checksum. `\w` and `[^_]` together mean base62 and run three times as fast on random text. */
const TOKEN = /^(?=\w+$)([a-z][a-z0-9]*(?:_[a-z0-9]+)*)_([^_]{12})_[^_]{43}([^_]{6})$/;
/** A prefix, an id give or take one character, and half a secret: too much to be chance. */
const DAMAGED = /^[a-z][a-z0-9_]{0,23}_[0-9A-Za-z]{11,13}_[0-9A-Za-z]{22,}/;

/**
 * The public parts of a token. The secret is left out, so it is not logged by accident.
 * @example
 * ```ts
 * import { parseToken, type TokenParts } from "mcp-keys";
 *
 * function partsOf(token: string): TokenParts | null {
 *   const parsed = parseToken(token);
 *   return parsed.ok ? { prefix: parsed.prefix, id: parsed.id } : null;
 * }
 * ```
 */
export interface TokenParts {
  readonly prefix: string;
  readonly id: KeyId;
}

/**
 * The result of {@link parseToken}. `malformed`: not in the format of mcp-keys, though it may be an imported token.
 * `mistyped`: a token with characters changed, lost or added.
 * @example
 * ```ts
 * import type { ParsedToken } from "mcp-keys";
 *
 * const idOf = (parsed: ParsedToken): string | null => (parsed.ok ? parsed.id : null);
 * ```
 */
export type ParsedToken =
  ({ readonly ok: true } & TokenParts) | { readonly ok: false; readonly reason: "malformed" | "mistyped" };

const MALFORMED = { ok: false, reason: "malformed" } as const;
const MISTYPED = { ok: false, reason: "mistyped" } as const;

/**
 * Formats a token: `<prefix>_<id>_<secret><checksum>`. The checksum is the CRC-32/ISO-HDLC of everything before it.
 * @param parts - a `prefix` from {@link parsePrefix}, an `id` of 12 and a `secret` of 43 base62 characters
 * @returns the token; only `reveal()` gives its text
 * @example
 * ```ts
 * import { formatToken } from "mcp-keys";
 *
 * const token = formatToken({ prefix: "mcp", id: "7Fq2x9Lm0aBc", secret: "0".repeat(43) });
 * token.reveal(); // "mcp_7Fq2x9Lm0aBc_000…" with its checksum
 * ```
 */
export function formatToken(parts: TokenParts & { secret: string }): Secret {
  const body = `${parts.prefix}_${parts.id}_${parts.secret}`;
  return new Secret(body + checksumOf(body));
}

/**
 * Parses a token without looking it up: checks its shape and its checksum. Reads from the right by fixed widths, because
 * a prefix may contain `_`. Never throws.
 * @example
 * ```ts
 * import { parseToken } from "mcp-keys";
 *
 * const parsed = parseToken(process.env["MCP_API_KEY"] ?? "");
 * console.log(parsed.ok ? parsed.id : parsed.reason);
 * ```
 */
export function parseToken(text: string): ParsedToken {
  const [, prefix, id, checksum] = (text.length > OWN_LIMIT ? null : TOKEN.exec(text)) ?? [];
  if (prefix === undefined || id === undefined || prefix.length > PREFIX_LIMIT) {
    return isDamaged(text) ? MISTYPED : MALFORMED;
  }
  return checksum === checksumOf(text.slice(0, -CHECKSUM_LENGTH)) ? { ok: true, prefix, id } : MISTYPED;
}

/** Returned by {@link locateId} for a text without the shape of a token. */
export const NO_ID = -1;

/**
 * Returns the offset in `text` of the id of a token, if the token spans from `start` to the end. Checks only the length
 * and the two underscores: a verifier runs this on every request, and the digest decides the rest.
 */
export function locateId(text: string, start: number): number {
  const at = text.length - TAIL_LENGTH;
  if (at <= start + 1 || at > start + PREFIX_LIMIT + 1) return NO_ID;
  return text.charCodeAt(at - 1) === UNDERSCORE && text.charCodeAt(at + ID_LENGTH) === UNDERSCORE ? at : NO_ID;
}

/**
 * Parses a token prefix: 1 to 24 lower-case letters and digits, words joined by `_`, starting with a letter.
 * @returns the text unchanged
 * @throws {@link KeysError} `USAGE` if the text is not a valid prefix
 * @example
 * ```ts
 * import { parsePrefix } from "mcp-keys";
 *
 * parsePrefix("acme_live"); // "acme_live"
 * ```
 */
export function parsePrefix(text: string): string {
  if (text.length > PREFIX_LIMIT || !PREFIX.test(text)) {
    throw new KeysError("USAGE", `${JSON.stringify(text)} is not a valid prefix`, {
      hint: "use at most 24 lower-case letters and digits, words joined by _, such as acme_live",
    });
  }
  return text;
}

/**
 * Explains why a text cannot be a token, to follow "the token from …", or returns `null` if it can. Covers the mistakes
 * that otherwise reach a server as a bare 401. Never quotes the text.
 */
export function explainUnusable(text: string): string | null {
  if (text === "") return "is empty";
  if (text.length > TOKEN_LIMIT) return `is longer than ${String(TOKEN_LIMIT)} characters, which no guard accepts`;
  if (/^\s|\s$/.test(text)) return "starts or ends with a space or a line break";
  if (/^\$\{?|^\{env:|^%[A-Za-z_]+%$|\$\{/.test(text)) return "looks like an unexpanded variable";
  if (/^bearer\b/i.test(text)) return "starts with `Bearer`, which is added automatically";
  if (/^["'`]|["'`]$/.test(text)) return "is in quotes";
  if (/\s/.test(text)) return "contains a space or a line break";
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(text)) return "contains a character that is not allowed in a token";
  const parsed = parseToken(text);
  return !parsed.ok && parsed.reason === "mistyped" ? "is mistyped or cut short: its checksum is wrong" : null;
}

/** Returns whether a text that is no token was one before characters were replaced, lost or added. */
function isDamaged(text: string): boolean {
  const at = locateId(text, 0);
  return at === NO_ID ? DAMAGED.test(text.slice(0, 120)) : PREFIX.test(text.slice(0, at - 1));
}

/** Six base62 digits, most significant first. */
function checksumOf(body: string): string {
  let checksum = "";
  let rest = crc32(body);
  while (checksum.length < CHECKSUM_LENGTH) {
    checksum = BASE62.charAt(rest % 62) + checksum;
    rest = Math.floor(rest / 62);
  }
  return checksum;
}
