import type { Secret } from "../../core/secret.ts";
import { digestToken } from "../../core/digest.ts";
import type { McpAnswer, SentRequest } from "../mcp/wire.ts";

/** Prefix and id of a token in our format. They are public. Matches mutated tokens too. */
const PUBLIC = /^[0-9a-z_]*_[0-9a-z]{12}_/i;
/** Characters that identify a key. A random secret needs fewer. */
const PIECE = { ours: 8, other: 12 };

/**
 * Returns the pieces of a key that do not occur in a text by chance, in lower case: all eight-character pieces of the secret in our
 * format, and twelve-character pieces that look random in any other. A password may have none.
 */
export function piecesOf(key: string): string[] {
  const secret = key.replace(PUBLIC, "");
  const ours = secret !== key;
  const size = ours ? PIECE.ours : PIECE.other;
  const all = Array.from({ length: Math.max(0, secret.length - size + 1) }, (_, i) => secret.slice(i, i + size));
  return (ours ? all : all.filter(looksRandom)).map((piece) => piece.toLowerCase());
}

/** Returns whether letters and digits alternate, unlike in words, dates or a word followed by a number. */
function looksRandom(piece: string): boolean {
  const kinds = piece
    .replace(/[^0-9A-Za-z]/g, "")
    .replace(/[A-Za-z]+/g, "a")
    .replace(/[0-9]+/g, "0");
  return kinds.length >= 5;
}

/** Returns the SHA-256 of a key in the encodings that servers store. */
export function digestsOf(key: Secret): string[] {
  const hex = digestToken(key.reveal()).slice("sha256:".length);
  const bytes = Buffer.from(hex, "hex");
  return [hex, bytes.toString("base64").replace(/=+$/, ""), bytes.toString("base64url")];
}

/** A header or the body of an answer. */
export interface AnswerPart {
  readonly name: string;
  readonly text: string;
}

/** Returns all headers and the body of an answer. */
export function answerParts({ headers, excerpt }: Pick<McpAnswer, "headers" | "excerpt">): AnswerPart[] {
  const named = Object.entries(headers).map(([name, values]) => ({ name, text: (values ?? []).join("\n") }));
  return [...named, { name: "body", text: excerpt }];
}

/** Returns the URL, headers and body of a request as text. */
export function textOf({ url, path, headers, body }: SentRequest): string {
  return [url.href, path, ...Object.values(headers).flat(), body].join("\n");
}
