import { parseToken } from "../core/token.ts";
import type { KeyId } from "../core/key.ts";
import { Secret } from "../core/secret.ts";

/** A token in a text. */
export interface TokenMatch {
  readonly token: Secret;
  readonly prefix: string;
  readonly id: KeyId;
  /** From 1. */
  readonly line: number;
}

/** The end of a prefix, an id, and a secret with its checksum. */
const TAIL = /_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}/g;
const PREFIX_LIMIT = 24;
const TAIL_LENGTH = 63;
/** The start of a token that the next part may complete. */
const CARRY = PREFIX_LIMIT + TAIL_LENGTH - 1;

/**
 * Finds our tokens in a text that arrives in parts. Only a token with a correct checksum counts, so chance finds nothing. Reads ASCII, UTF-8
 * and UTF-16 alike: it ignores zero bytes, which are every second byte of ASCII text in UTF-16.
 */
export class TokenFinder {
  #carry = "";
  #line = 1;

  /** Returns the tokens that end in this part. */
  push(part: Buffer): TokenMatch[] {
    const read = part.toString("latin1");
    const fresh = read.includes("\0") ? read.replaceAll("\0", "") : read;
    const text = this.#carry + fresh;
    const found: TokenMatch[] = [];
    let counted = 0;
    for (const { index } of text.matchAll(TAIL)) {
      const end = index + TAIL_LENGTH;
      const token = tokenEnding(text, index, end);
      if (token === null) continue;
      this.#line += countLines(text, counted, index);
      counted = index;
      found.push({ ...token, line: this.#line });
    }
    const next = Math.max(counted, text.length - CARRY);
    this.#line += countLines(text, counted, next);
    // The tail of the last token at most, so none is found twice. A token has no line break, so its lines are counted once.
    this.#carry = text.slice(next);
    return found;
  }
}

/** Returns all tokens of a text. */
export function findTokens(text: Buffer): TokenMatch[] {
  return new TokenFinder().push(text);
}

/** Returns the token with the tail at `index`: the characters before it may belong to its prefix, or not. */
function tokenEnding(text: string, index: number, end: number): Omit<TokenMatch, "line"> | null {
  for (let start = index - 1; start >= 0 && start >= index - PREFIX_LIMIT; start--) {
    if (!/[a-z0-9_]/.test(text.charAt(start))) return null;
    const candidate = text.slice(start, end);
    const parsed = parseToken(candidate);
    if (parsed.ok) return { token: new Secret(candidate), prefix: parsed.prefix, id: parsed.id };
  }
  return null;
}

function countLines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
