/** Whitespace, control characters, unassigned code points, and characters that are not shown. */
const INVISIBLE = /[\s\p{C}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Removes the differences that a server may ignore when it compares names: case, Unicode form, whitespace and invisible
 * characters. Two names with the same result may be one name to a server.
 */
export function foldText(text: string): string {
  const visible = text.replace(INVISIBLE, "").normalize("NFKD");
  return visible.toUpperCase().toLowerCase().normalize("NFKD").replace(INVISIBLE, "");
}
