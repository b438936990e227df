import { KeysError } from "../errors.ts";
import { CRC_START, endCrc, stepCrc, stepCrcBy4 } from "./crc32.ts";
import type { KeyId } from "./key.ts";
import { Secret } from "./secret.ts";

/** The alphabet of ids, secrets and checksums. */
export const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
export const ID_LENGTH = 12;
/** 43 of 62 characters carry 256 bits. */
export const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const PREFIX_LIMIT = 24;
const BODY_LENGTH = SECRET_LENGTH + CHECKSUM_LENGTH;
/** What stands to the right of the prefix and its `_`: id, `_`, secret, checksum. */
const TAIL_LENGTH = ID_LENGTH + 1 + BODY_LENGTH;
const PREFIX = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;

/**
 * The public parts of a token; the secret is left out on purpose.
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
 * `malformed`: not a token of ours at all (it may be an opaque one). `mistyped`: has the shape, but the checksum does not
 * fit, so that a character was changed, lost or added.
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
 * Puts a token together: `<prefix>_<id>_<secret><checksum>`.
 * @param parts - `prefix` as {@link parsePrefix} returned it, `id` of 12 and `secret` of 43 base62 characters.
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
  let crc = CRC_START;
  for (let i = 0; i < body.length; i++) crc = stepCrc(crc, body.charCodeAt(i));
  return new Secret(body + formatChecksum(endCrc(crc)));
}

/**
 * Takes a token apart from the right, by fixed widths, so that a prefix may hold `_`. Needs no look-up and makes no `Error`.
 * A token that lost or gained characters is `mistyped` when what is left still begins like one of ours.
 * @param start - where the token begins
 * @example
 * ```ts
 * import { parseToken } from "mcp-keys";
 *
 * const parsed = parseToken(process.env["MCP_API_KEY"] ?? "");
 * console.log(parsed.ok ? parsed.id : parsed.reason);
 * ```
 */
export function parseToken(text: string, start = 0): ParsedToken {
  const at = locateId(text, start);
  if (at === WRONG_CHECKSUM) return MISTYPED;
  if (at === NO_TOKEN) return isNearly(text, start) ? MISTYPED : MALFORMED;
  return { ok: true, prefix: text.slice(start, at - 1), id: text.slice(at, at + ID_LENGTH) };
}

/** What {@link locateId} finds in a text that is no token: another shape, or characters that were mixed up. */
export const NO_TOKEN = -1;
export const WRONG_CHECKSUM = -2;

/**
 * Where in a text the id would stand of a token that begins at `start` and ends with the text, by lengths and `_` alone; else
 * {@link NO_TOKEN}. Enough to ask for the key: what has its digest needs no checksum.
 */
export function guessId(text: string, start: number): number {
  const at = text.length - TAIL_LENGTH;
  return isShaped(text, start, at) ? at : NO_TOKEN;
}

/**
 * Where in a text the id of the token stands that begins at `start` and ends with the text; negative where there is none.
 * Reads each character once, and makes nothing.
 * @param start - a token that was cut out of a header first would take twice as long to read
 */
export function locateId(text: string, start: number): number {
  const at = guessId(text, start);
  const bodyEnd = text.length - CHECKSUM_LENGTH;
  if (at === NO_TOKEN || !isPrefix(text, start, at - 1)) return NO_TOKEN;
  let crc = CRC_START;
  for (let i = start; i < at; i++) crc = stepCrc(crc, text.charCodeAt(i));
  let foreign = 0;
  let codes = 0;
  // The id, `_` and the secret are 56 characters.
  for (let i = at; i < bodyEnd; i += 4) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    const c = text.charCodeAt(i + 2);
    const d = text.charCodeAt(i + 3);
    codes |= a | b | c | d;
    foreign += (FOREIGN[a & 255] ?? 0) + (FOREIGN[b & 255] ?? 0) + (FOREIGN[c & 255] ?? 0) + (FOREIGN[d & 255] ?? 0);
    crc = stepCrcBy4(crc, a | (b << 8) | (c << 16) | (d << 24));
  }
  let checksum = 0;
  for (let i = bodyEnd; i < text.length; i++) {
    const code = text.charCodeAt(i);
    codes |= code;
    foreign += FOREIGN[code & 255] ?? 0;
    checksum = checksum * 62 + (DIGITS[code & 255] ?? 0);
  }
  // The `_` between id and secret is the one character there that is no digit.
  if (codes > 255 || foreign !== 1) return NO_TOKEN;
  return checksum === endCrc(crc) ? at : WRONG_CHECKSUM;
}

/**
 * Reads a prefix: lower-case letters and digits in words joined by `_`, at most 24 characters, a letter first.
 * @throws {@link KeysError} `USAGE`
 * @example
 * ```ts
 * import { parsePrefix } from "mcp-keys";
 *
 * parsePrefix("acme_live"); // "acme_live"
 * ```
 */
export function parsePrefix(text: string): string {
  if (text.length > PREFIX_LIMIT || !PREFIX.test(text)) {
    throw new KeysError("USAGE", `${JSON.stringify(text)} is not a prefix`, {
      hint: "use lower-case letters and digits, words joined by _, at most 24 characters, such as acme_live",
    });
  }
  return text;
}

/** Six base62 digits, most significant first, padded with `0`. */
function formatChecksum(value: number): string {
  let text = "";
  for (let rest = value, i = 0; i < CHECKSUM_LENGTH; i++, rest = Math.floor(rest / 62)) {
    text = BASE62.charAt(rest % 62) + text;
  }
  return text;
}

const UNDERSCORE = 95;

/** Character code → base62 digit, or -1. A table, since branches on random characters cost five times as much. */
const DIGITS = new Int8Array(256).fill(-1);
for (let digit = 0; digit < BASE62.length; digit++) DIGITS[BASE62.charCodeAt(digit)] = digit;

/** Character code → 0 for a base62 digit, else 1. */
const FOREIGN = Uint8Array.from(DIGITS, (digit) => (digit < 0 ? 1 : 0));

/** Whether the lengths and the two `_` around an id at `at` are those of a token. */
function isShaped(text: string, start: number, at: number): boolean {
  if (at <= start + 1 || at > start + PREFIX_LIMIT + 1) return false;
  return text.charCodeAt(at - 1) === UNDERSCORE && text.charCodeAt(at + ID_LENGTH) === UNDERSCORE;
}

/** {@link PREFIX} over a part of a string, without cutting it out: this runs at every request. */
function isPrefix(text: string, start: number, end: number): boolean {
  let word = 0;
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i);
    if (c === 95) {
      if (word === 0) return false;
      word = 0;
    } else if ((c >= 97 && c <= 122) || (c >= 48 && c <= 57 && i > start)) word++;
    else return false;
  }
  return word > 0;
}

/**
 * Whether a text that is no token was one before characters of it were replaced, cut off or added: the shape is right, or
 * there is a prefix, an id, and at least half a secret, which is too much to be chance.
 */
function isNearly(text: string, start: number): boolean {
  const at = text.length - TAIL_LENGTH;
  if (isShaped(text, start, at)) return isPrefix(text, start, at - 1);
  return /^[a-z][a-z0-9_]{0,23}_[0-9A-Za-z]{11,13}_[0-9A-Za-z]{22,}/.test(text.slice(start, start + 120));
}
