import { Chalk } from "chalk";
import type { Key, Status } from "../../core/key.ts";

/** Words in colour. The words carry the meaning; without colour nothing is lost. */
export interface Painter {
  bold(text: string): string;
  dim(text: string): string;
  error(text: string): string;
  warn(text: string): string;
  good(text: string): string;
  status(status: Status): string;
}

/** chalk does not heed `NO_COLOR` by itself, so the level is decided by the caller. */
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

/** A cell: what it measures, and how it looks. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/** A table with a heading, columns two blanks apart, no blanks at the end of a line. */
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

/** `name  value` lines, the names in a column. */
export function renderFields(paint: Painter, fields: readonly (readonly [string, string] | null)[]): string {
  const shown = fields.filter((field) => field !== null);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${paint.dim(name.padEnd(width))}  ${value}\n`).join("");
}

/** What a person calls a key: `ci (7Fq2x9Lm0aBc)`. */
export function keyLabel({ name, id }: Key): string {
  return `${name} (${id})`;
}
