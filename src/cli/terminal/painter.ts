import type { Status } from "../../core/key.ts";

/** Colours words. The text must be clear without colour. */
export interface Painter {
  bold(text: string): string;
  dim(text: string): string;
  error(text: string): string;
  warn(text: string): string;
  good(text: string): string;
  status(status: Status): string;
}

const same = (text: string): string => text;
const PLAIN: Painter = { bold: same, dim: same, error: same, warn: same, good: same, status: same };

/**
 * Creates a painter. Colours load on first use, because most runs write to a pipe or a file.
 * @param level - colour depth, as in `OutputStream`
 */
export async function createPainter(level: 0 | 1 | 2 | 3): Promise<Painter> {
  return level === 0 ? PLAIN : (await import("./colors.ts")).createColorPainter(level);
}
