import type { Secret } from "../core/secret.ts";
import { KeysError } from "../errors.ts";

const CLASSES = {
  "a single quote": /'/u,
  "a double quote": /"/u,
  "a backslash": /\\/u,
  "a dollar sign": /\$/u,
  "a percent sign": /%/u,
  "an exclamation mark": /!/u,
  "a space at its start or end": /^\s|\s$/u,
  "a non-ASCII character": /[^ -~]/u,
} as const;

/** A kind of character that some formats cannot represent. */
export type CharacterClass = keyof typeof CLASSES;

/** Refused in every format: they end a line, are invisible, or cannot be written as UTF-8. */
const NEVER = {
  "a line break": /[\n\v\f\r\u0085\u2028\u2029]/u,
  "a control or invisible character": /\p{C}/u,
} as const;

/**
 * Returns the text of a token, if the format can represent it exactly.
 * @param reader - the reader of the snippet, for the error: `a .env file`
 * @param refused - the characters that the format cannot represent, even quoted
 * @throws {@link KeysError} `TOKEN_UNUSABLE`, with the kind of character but never the token
 */
export function revealFor(reader: string, token: Secret, refused: readonly CharacterClass[] = []): string {
  const text = token.reveal();
  if (text === "") throw new KeysError("TOKEN_UNUSABLE", "the token is empty");
  for (const [name, pattern] of Object.entries(NEVER)) {
    if (pattern.test(text)) throw new KeysError("TOKEN_UNUSABLE", `the token contains ${name}`);
  }
  for (const name of refused) {
    if (!CLASSES[name].test(text)) continue;
    throw new KeysError("TOKEN_UNUSABLE", `the token contains ${name}, which is not safe in ${reader}`, {
      hint: "choose another --format, or issue a random key with: mcp-keys generate",
    });
  }
  return text;
}
