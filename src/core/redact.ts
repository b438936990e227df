import type { Secret } from "./secret.ts";
import { parseToken } from "./token.ts";

/** Length of the pieces that are masked. Shorter ones reveal too little and would match common words. */
const PIECE = 8;
const MASK = "[secret]";

/** Makes text from outside safe to print: one line of at most `limit` characters (default 300) without secrets. */
export type Redact = (text: string, limit?: number) => string;

/**
 * Builds a {@link Redact} that removes control, direction and invisible characters, and masks every piece of at least 8 characters
 * of a token, in any case.
 */
export function createRedact(tokens: readonly Secret[]): Redact {
  return buildRedactor(tokens, (secret) => [secret]).redact;
}

/** A {@link Redact} to which tokens can be added later. */
export interface Redactor {
  readonly redact: Redact;
  readonly add: (token: Secret) => void;
}

/**
 * Builds a {@link Redactor} for text from a server that got the tokens: it also masks them in base64, in hex, backwards, and decoded
 * from base64. This takes nine times as long.
 */
export function createRedactor(tokens: readonly Secret[]): Redactor {
  return buildRedactor(tokens, formsOf);
}

function buildRedactor(tokens: readonly Secret[], forms: (secret: string) => readonly string[]): Redactor {
  const texts: string[] = [];
  const pieces = new Set<string>();
  const add = (token: Secret): void => {
    texts.push(token.reveal());
    for (const form of forms(secretOf(token.reveal()))) for (const piece of piecesOf(form)) pieces.add(piece);
  };
  tokens.forEach(add);
  const redact: Redact = (text, limit = 300) => {
    // Truncated first to bound the work. Invisible characters go next, because they could split a token.
    let plain = toPlain(text.slice(0, limit * 4));
    for (const token of texts) plain = plain.replaceAll(token, MASK);
    const masked = redactPieces(plain, pieces);
    return masked.length > limit ? `${removeInvisible(masked.slice(0, limit - 1))}…` : masked;
  };
  return { redact, add };
}

function toPlain(text: string): string {
  // Most text is ASCII, and parsing the names of the classes takes a quarter of a millisecond.
  if (/^[\x20-\x7e]*$/.test(text)) return text.trim();
  return removeInvisible(text)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
}

function removeInvisible(text: string): string {
  return text.replace(/[\p{Cf}\p{Cs}\p{Co}]/gu, "");
}

/** In our own format, only the secret. Prefix and id are public and may be part of a server's name. */
function secretOf(token: string): string {
  return parseToken(token).ok ? token.slice(token.lastIndexOf("_") + 1) : token;
}

function piecesOf(text: string): string[] {
  const folded = fold(text);
  return Array.from({ length: Math.max(0, text.length - PIECE + 1) }, (_, i) => folded.slice(i, i + PIECE));
}

/** Returns what a server that wants to give a key away can make of it. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const encoded = [0, 1, 2].flatMap((offset) => [encode(bytes, offset, "base64"), encode(bytes, offset, "base64url")]);
  const decoded = Buffer.from(secret, "base64").toString();
  const isText = /^[\x20-\x7e]+$/.test(decoded);
  return [
    secret,
    Array.from(secret).reverse().join(""),
    bytes.toString("hex"),
    ...encoded,
    ...(isText ? [decoded] : []),
  ];
}

/** Encodes a secret that follows some other bytes, without the characters that depend on its neighbours. */
function encode(secret: Buffer, offset: number, encoding: "base64" | "base64url"): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), secret]);
  const text = bytes.toString(encoding).replace(/=+$/, "");
  return text.slice(offset === 0 ? 0 : offset + 1, bytes.length % 3 === 0 ? undefined : -1);
}

function redactPieces(text: string, pieces: ReadonlySet<string>): string {
  const folded = fold(text);
  let out = "";
  let copied = 0;
  for (let i = 0; i + PIECE <= text.length; i++) {
    if (!pieces.has(folded.slice(i, i + PIECE))) continue;
    let end = i + PIECE;
    while (pieces.has(folded.slice(end - PIECE + 1, end + 1))) end++;
    out += text.slice(copied, i) + MASK;
    copied = end;
    i = end - 1;
  }
  return out + text.slice(copied);
}

/** Lowercases, because host names come back in lower case. Keeps the length, unlike `toLowerCase` of some other letters. */
function fold(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text.toLowerCase();
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
