import type { Secret } from "../../core/secret.ts";
import { digestToken } from "../../core/digest.ts";
import type { McpAnswer } from "../mcp/wire.ts";

/** Prefix and id of a token of ours, which anybody may know; also of one that was changed, cut or doubled. */
const PUBLIC = /^[0-9a-z_]*_[0-9a-z]{12}_/i;
/** Characters by which a key is recognised: of a random one fewer are enough. */
const PIECE = { ours: 8, other: 12 };

/**
 * The pieces of a key that cannot stand in a text by chance, in lower case: of one of ours every eight characters of its secret; of
 * another those that look random, of which a password may have none.
 */
export function piecesOf(key: string): string[] {
  const secret = key.replace(PUBLIC, "");
  const ours = secret !== key;
  const size = ours ? PIECE.ours : PIECE.other;
  const all = Array.from({ length: Math.max(0, secret.length - size + 1) }, (_, i) => secret.slice(i, i + size));
  return (ours ? all : all.filter(looksRandom)).map((piece) => piece.toLowerCase());
}

/** Letters and digits in turn, and not words, a date, or a word with a number behind it. */
function looksRandom(piece: string): boolean {
  const kinds = piece
    .replace(/[^0-9A-Za-z]/g, "")
    .replace(/[A-Za-z]+/g, "a")
    .replace(/[0-9]+/g, "0");
  return kinds.length >= 5;
}

/** SHA-256 of a key in the ways in which it is written, as a server may keep it. */
export function digestsOf(key: Secret): string[] {
  const hex = digestToken(key.reveal()).slice("sha256:".length);
  const bytes = Buffer.from(hex, "hex");
  return [hex, bytes.toString("base64").replace(/=+$/, ""), bytes.toString("base64url")];
}

/** A part of an answer: its name for findings, and its text. */
export interface AnswerPart {
  readonly name: string;
  readonly text: string;
}

/** Everything that an answer says. */
export function answerParts({ headers, excerpt }: Pick<McpAnswer, "headers" | "excerpt">): AnswerPart[] {
  const named = Object.entries(headers).map(([name, values]) => ({ name, text: (values ?? []).join("\n") }));
  return [...named, { name: "body", text: excerpt }];
}
