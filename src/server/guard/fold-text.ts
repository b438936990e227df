/** Whitespace, control characters, unassigned code points, and characters that are not shown. */
const INVISIBLE = /[\s\p{C}\p{Default_Ignorable_Code_Point}]/gu;

/** UTF-16 code units of 128 code points, the most in the name of a tool. */
const NAME_LIMIT = 256;

/**
 * Removes the differences that a server may ignore when it compares names: case, Unicode form, whitespace and invisible
 * characters. Two names with the same result may be one name to a server. Does not fold a text that is longer than any name:
 * NFKD takes quadratic time for combining characters.
 */
export function foldText(text: string): string {
  const visible = text.replace(INVISIBLE, "");
  if (visible.length > NAME_LIMIT) return visible;
  return visible.normalize("NFKD").toUpperCase().toLowerCase().normalize("NFKD").replace(INVISIBLE, "");
}
