import { stripVTControlCharacters } from "node:util";
import type { OutputStream } from "./io.ts";

/**
 * Returns the line length of an output: no limit if it is no terminal, because scripts need whole lines, or if the terminal has 0
 * columns, as one of `script` or `ssh -tt` without a screen.
 */
export function lineWidth({ isTerminal, columns }: OutputStream): number {
  return isTerminal && columns > 0 ? columns : Infinity;
}

/** Returns how many columns of a terminal a text takes, without its colours. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  return widthOfSymbols(stripVTControlCharacters(text));
}

function widthOfSymbols(text: string): number {
  // Here, because parsing them takes a quarter of a millisecond, and most output is ASCII.
  const invisible = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
  /** Characters that take two columns. @see Unicode Standard Annex 11, East Asian Width: W and F */
  const wide =
    /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
  let width = 0;
  // One symbol may be many characters: a letter with accents, a family of four.
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (!invisible.test(segment)) width += wide.test(segment) ? 2 : 1;
  }
  return width;
}

/** Splits a text into lines of at most `width` columns, at spaces. A longer word gets a line of its own and stays whole. */
export function wrap(text: string, width: number): string[] {
  if (widthOf(text) <= width) return [text];
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || widthOf(`${last} ${word}`) > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
