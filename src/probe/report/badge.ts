import { escapeMarkup } from "./escape-markup.ts";
import type { Grade } from "./grade.ts";
import type { Report } from "./report.ts";

const LABEL = "mcp-keys";
/** White text on each of them has a contrast of at least 4.5. */
const COLORS: Readonly<Record<Grade | "none", string>> = {
  ...{ "A+": "#116329", A: "#116329", B: "#116329", C: "#7a4b00", D: "#7a4b00", F: "#b3121d", none: "#57606a" },
};

/** Renders the grade, or the result if there is none, as an SVG image. */
export function badge({ grade, result }: Report): string {
  const value = grade ?? result;
  const left = widthOf(LABEL);
  const right = widthOf(value);
  const title = escapeMarkup(`${LABEL}: ${grade === null ? result : `grade ${grade}`}`);
  const text = (x: number, words: string): string => `<text x="${String(x)}" y="14">${escapeMarkup(words)}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(left + right)}" height="20" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    `<rect width="${String(left)}" height="20" fill="#30363d"/>`,
    `<rect x="${String(left)}" width="${String(right)}" height="20" fill="${COLORS[grade ?? "none"]}"/>`,
    `<g fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">`,
    `${text(left / 2, LABEL)}${text(left + right / 2, value)}</g></svg>\n`,
  ].join("");
}

/** Estimates the width of a text in pixels, with a margin on both sides. */
function widthOf(text: string): number {
  return Math.round(text.length * 7 + 14);
}
