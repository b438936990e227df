import type { Secret } from "../core/secret.ts";
import { KeysError } from "../errors.ts";

const CLASSES = {
  "a single quote": /'/u,
  "a double quote": /"/u,
  "a backslash": /\\/u,
  "a dollar sign": /\$/u,
  "a percent sign": /%/u,
  "an exclamation mark": /!/u,
  "a blank at its start or end": /^\s|\s$/u,
  "a character beyond ASCII": /[^ -~]/u,
} as const;

/** What some reader cannot carry. */
export type CharacterClass = keyof typeof CLASSES;

/** No reader and no header carries these: they end a line, change what is seen, or cannot be written as UTF-8. */
const NEVER = {
  "a line break": /[\n\v\f\r\u0085\u2028\u2029]/u,
  "a control or invisible character": /\p{C}/u,
} as const;

/**
 * The text of a token for one reader, checked so that the reader gives back exactly this text.
 * @param reader - Who reads the snippet, for the error: `a .env file`.
 * @param refused - The character classes that this reader cannot carry, however quoted.
 * @throws {@link KeysError} `TOKEN_UNUSABLE` naming the class of the character, never the token
 */
export function revealFor(reader: string, token: Secret, refused: readonly CharacterClass[] = []): string {
  const text = token.reveal();
  if (text === "") throw new KeysError("TOKEN_UNUSABLE", "the token is empty");
  for (const [name, pattern] of Object.entries(NEVER)) {
    if (pattern.test(text)) throw new KeysError("TOKEN_UNUSABLE", `the token holds ${name}`);
  }
  for (const name of refused) {
    if (!CLASSES[name].test(text)) continue;
    throw new KeysError("TOKEN_UNUSABLE", `the token holds ${name}, which ${reader} cannot carry safely`, {
      hint: "choose another --format, or issue a random key with: mcp-keys generate",
    });
  }
  return text;
}
