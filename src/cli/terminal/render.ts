import { widthOf, wrap } from "./text-width.ts";
import type { Key } from "../../core/key.ts";
import type { Painter } from "./painter.ts";

/** Between two columns. */
const GAP = "  ";

/** A table cell. `text` gives the width, `paint` colours the padded text. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/**
 * Renders a table: columns two spaces apart, no trailing spaces. If it is wider than the terminal, cells wrap at spaces; if that is
 * not enough, each row becomes a block of `NAME  value` lines. A word is never broken.
 * @param width - characters per line; no limit by default
 */
export function renderTable(
  paint: Painter,
  heading: readonly string[],
  rows: readonly (readonly Cell[])[],
  width = Infinity,
): string {
  const head = heading.map((text): Cell => ({ text, paint: (padded) => paint.dim(padded) }));
  const all = [head, ...rows];
  const columns = heading.map((_, column) => all.map((row) => row[column]?.text ?? ""));
  const widths = fitColumns(columns, width - GAP.length * (heading.length - 1));
  if (widths === null) {
    const blocks = rows.map((row) =>
      renderFields(
        paint,
        row.map(({ text, paint: color }, i) => [heading[i] ?? "", color?.(text) ?? text]),
        width,
      ),
    );
    return blocks.join("\n");
  }
  return all.map((row) => renderRow(row, widths)).join("");
}

function renderRow(row: readonly Cell[], widths: readonly number[]): string {
  const cells = row.map(({ text }, column) => wrap(text, widths[column] ?? Infinity));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => {
    const parts = row.map(({ paint: color }, column) => {
      const text = cells[column]?.[line] ?? "";
      const padding = " ".repeat((widths[column] ?? 0) - widthOf(text));
      return (text === "" ? "" : (color?.(text) ?? text)) + padding;
    });
    return `${parts.join(GAP).trimEnd()}\n`;
  }).join("");
}

/** Returns the widths of the columns, the widest narrowed first, or `null` if some word does not fit. */
function fitColumns(columns: readonly (readonly string[])[], room: number): number[] | null {
  const widths = columns.map((cells) => Math.max(...cells.map(widthOf)));
  const least = columns.map((cells) => Math.max(...cells.flatMap((text) => text.split(" ")).map(widthOf)));
  let excess = widths.reduce((sum, each) => sum + each, 0) - room;
  while (excess > 0) {
    const spare = widths.map((each, column) => each - (least[column] ?? each));
    const widest = spare.indexOf(Math.max(...spare));
    if ((spare[widest] ?? 0) <= 0) return null;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess--;
  }
  return widths;
}

/**
 * Renders `name  value` lines with the names in a column. Skips `null`. Long values wrap at spaces.
 * @param width - characters per line; no limit by default
 */
export function renderFields(
  paint: Painter,
  fields: readonly (readonly [string, string] | null)[],
  width = Infinity,
): string {
  const shown = fields.filter((field) => field !== null);
  const indent = Math.max(...shown.map(([name]) => widthOf(name)));
  return shown
    .map(([name, value]) => {
      const lines = wrap(value, width - indent - GAP.length);
      const first = paint.dim(name) + " ".repeat(indent - widthOf(name));
      return lines.map((line, i) => `${i === 0 ? first : " ".repeat(indent)}${GAP}${line}`.trimEnd() + "\n").join("");
    })
    .join("");
}

/** Returns the label of a key in messages: `ci (7Fq2x9Lm0aBc)`. */
export function keyLabel({ name, id }: Key): string {
  return `${name} (${id})`;
}
