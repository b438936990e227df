import { KeysError } from "../errors.ts";

/**
 * Parses the `name=value` tags of `--tag`.
 * @throws {@link KeysError} `USAGE`
 */
export function parseTags(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(texts.map(parseTag));
}

/**
 * Parses one `name=value` tag. The value may contain `=`.
 * @throws {@link KeysError} `USAGE`
 */
export function parseTag(text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) {
    throw new KeysError("USAGE", "a tag must have the form name=value", { hint: "for example: --tag team=payments" });
  }
  return [text.slice(0, at), text.slice(at + 1)];
}
