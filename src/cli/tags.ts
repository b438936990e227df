import { KeysError } from "../errors.ts";

/**
 * Reads `name=value` tags as flags give them.
 * @throws {@link KeysError} `USAGE`
 */
export function parseTags(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(texts.map(parseTag));
}

export function parseTag(text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1)
    throw new KeysError("USAGE", "a tag is not of the form name=value", { hint: "such as --tag team=payments" });
  return [text.slice(0, at), text.slice(at + 1)];
}
