import { Chalk } from "chalk";
import type { Key, Status } from "../../core/key.ts";

/** Colours words. The text must be clear without colour. */
export interface Painter {
  bold(text: string): string;
  dim(text: string): string;
  error(text: string): string;
  warn(text: string): string;
  good(text: string): string;
  status(status: Status): string;
}

/**
 * Creates a painter.
 * @param level - colour depth, as in `OutputStream`: chalk alone ignores `NO_COLOR`
 */
export function createPainter(level: 0 | 1 | 2 | 3): Painter {
  const chalk = new Chalk({ level });
  return {
    bold: (text) => chalk.bold(text),
    dim: (text) => chalk.dim(text),
    error: (text) => chalk.red.bold(text),
    warn: (text) => chalk.yellow(text),
    good: (text) => chalk.green(text),
    status: (status) =>
      ({ active: chalk.green, expiring: chalk.yellow, expired: chalk.red, disabled: chalk.yellow, revoked: chalk.red })[
        status
      ](status),
  };
}

/** A table cell. `text` gives the width, `paint` colours the padded text. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/** Renders a table: columns two spaces apart, no trailing spaces. */
export function renderTable(paint: Painter, heading: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const head = heading.map((text): Cell => ({ text, paint: (padded) => paint.dim(padded) }));
  const all = [head, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]?.text.length ?? 0)));
  const lines = all.map((row) =>
    row
      .map(({ text, paint: color }, column) => {
        const padding = column === row.length - 1 ? "" : " ".repeat((widths[column] ?? 0) - text.length);
        return (color?.(text) ?? text) + padding;
      })
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

/** Renders `name  value` lines with the names in a column. Skips `null`. */
export function renderFields(paint: Painter, fields: readonly (readonly [string, string] | null)[]): string {
  const shown = fields.filter((field) => field !== null);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${paint.dim(name.padEnd(width))}  ${value}\n`).join("");
}

/** Returns the label of a key in messages: `ci (7Fq2x9Lm0aBc)`. */
export function keyLabel({ name, id }: Key): string {
  return `${name} (${id})`;
}
