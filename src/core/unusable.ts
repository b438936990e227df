import { parseToken } from "./token.ts";

/**
 * What is wrong with a text that should be a token, in the words that go on after "the token from …"; `null` when nothing is.
 * Names the slips that reach servers as a bare 401: a variable nobody expanded, a scheme, quotes, blanks, a lost character.
 * Never quotes the text.
 */
export function explainUnusable(text: string): string | null {
  if (text === "") return "is empty";
  if (/^\s|\s$/.test(text)) return "begins or ends with a blank or a line break";
  if (/^\$\{?|^\{env:|^%[A-Za-z_]+%$|\$\{/.test(text)) return "is a variable that nobody expanded";
  if (/^bearer\b/i.test(text)) return "begins with `Bearer`, which is added by itself";
  if (/^["'`]|["'`]$/.test(text)) return "is in quotes";
  if (/\s/.test(text)) return "has a blank or a line break in it";
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(text)) return "holds a character that no token has";
  const parsed = parseToken(text);
  return !parsed.ok && parsed.reason === "mistyped" ? "is mistyped or cut short: its checksum does not fit" : null;
}
