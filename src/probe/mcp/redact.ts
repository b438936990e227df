import type { Secret } from "../../core/secret.ts";
import { parseToken } from "../../core/token.ts";

/** Shorter pieces of a token are left standing: they tell nothing, and common words would be hit. */
const PIECE = 8;
const MASK = "[secret]";
const INVISIBLE = /[\p{Cf}\p{Cs}\p{Co}]/gu;
const BREAKING = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/** Makes what a server sent fit to show: at most `limit` characters (default 300), one line, no secret. */
export type Redact = (text: string, limit?: number) => string;

/**
 * Builds a {@link Redact}: control, direction and invisible characters are taken out, so that a terminal does nothing but
 * print; then every piece of 8 and more characters of a token is masked, whole or cut, in any case.
 */
export function createRedact(tokens: readonly Secret[]): Redact {
  return createRedactor(tokens).redact;
}

/** A {@link Redact} that masks the tokens it is told of later as well. */
export function createRedactor(tokens: readonly Secret[]): {
  readonly redact: Redact;
  readonly add: (token: Secret) => void;
} {
  const texts: string[] = [];
  const pieces = new Set<string>();
  const add = (token: Secret): void => {
    texts.push(token.reveal());
    for (const piece of piecesOf(token.reveal())) pieces.add(piece);
  };
  tokens.forEach(add);
  const redact: Redact = (text, limit = 300) => {
    // Bounded before the work, with room for what is taken out; in this order, since hidden characters could split a token.
    let plain = text
      .slice(0, limit * 4)
      .replace(INVISIBLE, "")
      .replace(BREAKING, " ")
      .trim();
    for (const token of texts) plain = plain.replaceAll(token, MASK);
    const masked = redactPieces(plain, pieces);
    return masked.length > limit ? `${masked.slice(0, limit - 1).replace(INVISIBLE, "")}…` : masked;
  };
  return { redact, add };
}

/** Of a token of ours only the secret: prefix and id are public, and may be part of a server's name. */
function piecesOf(token: string): string[] {
  const secret = parseToken(token).ok ? token.slice(token.lastIndexOf("_") + 1) : token;
  return Array.from({ length: Math.max(0, secret.length - PIECE + 1) }, (_, i) => fold(secret.slice(i, i + PIECE)));
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

/** Host names come back in lower case. Of the same length, unlike what `toLowerCase` makes of some letters. */
function fold(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
