import type { ConfigEntry } from "../client.ts";

/** Reads and edits the text of one syntax. */
export interface Editor {
  /**
   * Returns the value of the text, `undefined` or `null` if it contains none.
   * @throws `CannotEdit` with the line of the first error
   */
  parse(text: string): unknown;
  /**
   * Returns the text with a new entry, or with another value of an old one. The caller has checked that the path leads through objects.
   */
  put(text: string, entry: ConfigEntry): string;
}

/** A text that cannot be parsed, or has an entry in a form that cannot be edited. */
export class CannotEdit extends Error {
  /** From 1. */
  readonly line: number | undefined;

  constructor(message: string, line?: number) {
    super(message);
    this.line = line;
  }
}

/** Returns the line break that a text uses. */
export function lineBreakOf(text: string): "\r\n" | "\n" {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

/** Replaces a part of a text. */
export function splice(text: string, start: number, end: number, inserted: string): string {
  return text.slice(0, start) + inserted + text.slice(end);
}

/** Returns the spaces and tabs at the start of the line that a position is in. */
export function indentAt(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(startOfLine(text, at)))?.[0] ?? "";
}

/** Returns the position of the first character of a line. */
export function startOfLine(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

/** Returns a value inside new objects with these names. */
export function nest(names: readonly string[], value: ConfigEntry["value"]): ConfigEntry["value"] {
  return names.reduceRight((inner, name) => ({ [name]: inner }), value);
}
