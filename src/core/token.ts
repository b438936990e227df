import { KeysError } from "../errors.ts";
import { crc32 } from "./crc32.ts";
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
/** What stands to the right of the prefix: `_`, id, `_`, secret, checksum. */
const TAIL_LENGTH = 1 + ID_LENGTH + 1 + BODY_LENGTH;
const PREFIX = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;

/** The public parts of a token; the secret is left out on purpose. */
export interface TokenParts {
  readonly prefix: string;
  readonly id: KeyId;
}

/**
 * `malformed`: not a token of ours at all (it may be an opaque one). `mistyped`: has the shape, but the checksum does not
 * fit, so that a character was changed, lost or added.
 */
export type ParsedToken =
  ({ readonly ok: true } & TokenParts) | { readonly ok: false; readonly reason: "malformed" | "mistyped" };

const MALFORMED = { ok: false, reason: "malformed" } as const;
const MISTYPED = { ok: false, reason: "mistyped" } as const;

/**
 * Puts a token together: `<prefix>_<id>_<secret><checksum>`.
 * @param parts - `prefix` as {@link parsePrefix} returned it, `id` of 12 and `secret` of 43 base62 characters.
 */
export function formatToken(parts: TokenParts & { secret: string }): Secret {
  const body = `${parts.prefix}_${parts.id}_${parts.secret}`;
  return new Secret(body + formatChecksum(crc32(body, 0, body.length)));
}

/**
 * Takes a token apart from the right, by fixed widths, so that a prefix may hold `_`. Needs no look-up and makes no `Error`.
 * A token that lost or gained characters is `mistyped` when what is left still begins like one of ours.
 * @param start - where the token begins: cut out of a header first, its characters would take twice as long to read.
 */
export function parseToken(text: string, start = 0): ParsedToken {
  const prefixEnd = text.length - TAIL_LENGTH;
  const idEnd = text.length - BODY_LENGTH - 1;
  const bodyEnd = text.length - CHECKSUM_LENGTH;
  if (prefixEnd <= start || prefixEnd > start + PREFIX_LIMIT) return looksLikeOurs(text, start) ? MISTYPED : MALFORMED;
  if (text.charCodeAt(prefixEnd) !== 95 || text.charCodeAt(idEnd) !== 95) {
    return looksLikeOurs(text, start) ? MISTYPED : MALFORMED;
  }
  if (!isPrefix(text, start, prefixEnd)) return MALFORMED;
  if (!isBase62(text, prefixEnd + 1, idEnd) || !isBase62(text, idEnd + 1, text.length)) return MISTYPED;
  if (readChecksum(text, bodyEnd) !== crc32(text, start, bodyEnd)) return MISTYPED;
  return { ok: true, prefix: text.slice(start, prefixEnd), id: text.slice(prefixEnd + 1, idEnd) };
}

/**
 * Reads a prefix: lower-case letters and digits in words joined by `_`, at most 24 characters, a letter first.
 * @throws {@link KeysError} `USAGE`
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

/** Character code → base62 digit, or -1. A table, since branches on random characters cost five times as much. */
const DIGITS = new Int8Array(128).fill(-1);
for (let digit = 0; digit < BASE62.length; digit++) DIGITS[BASE62.charCodeAt(digit)] = digit;

function isBase62(text: string, start: number, end: number): boolean {
  let all = 0;
  for (let i = start; i < end; i++) all |= DIGITS[text.charCodeAt(i)] ?? -1;
  return all >= 0;
}

/** Written for characters that {@link isBase62} has let through. */
function readChecksum(text: string, start: number): number {
  let value = 0;
  for (let i = start; i < text.length; i++) value = value * 62 + (DIGITS[text.charCodeAt(i)] ?? 0);
  return value;
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

/** A prefix, an id, and at least half a secret: too much to be chance, so something was cut off, added or replaced. */
function looksLikeOurs(text: string, start: number): boolean {
  return /^[a-z][a-z0-9_]{0,23}_[0-9A-Za-z]{11,13}_[0-9A-Za-z]{22,}/.test(text.slice(start, start + 120));
}
