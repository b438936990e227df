import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

/** A fenced block. `line` is the line of its first text on the page, from 1. */
export interface Block {
  readonly lang: string;
  readonly text: string;
  readonly line: number;
}

/** A table. Cells are trimmed, and `\|` is read as `|`. */
export interface Table {
  /** The heading above it. */
  readonly section: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Section {
  readonly level: number;
  /** As written, with its backticks. */
  readonly title: string;
  /** Up to the next heading of any level. */
  readonly text: string;
}

/** A parsed Markdown page. */
export interface Page {
  readonly path: string;
  readonly text: string;
  readonly sections: readonly Section[];
  readonly tables: readonly Table[];
  readonly blocks: readonly Block[];
  /** The text line by line, without fenced blocks, code spans and link targets. */
  readonly prose: readonly string[];
  /** Code spans outside fenced blocks. */
  readonly spans: readonly string[];
  readonly links: readonly { readonly target: string; readonly line: number }[];
}

/**
 * Reads and parses a page.
 * @param path - relative to the root of the project
 */
export function readPage(path: string): Page {
  return parsePage(path, readFileSync(join(ROOT, path), "utf8"));
}

/** Returns the paths of all pages of the project, relative to its root. */
export function listPages(): string[] {
  return ["", "docs/"].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith(".md"))
      .map((name) => folder + name),
  );
}

export function parsePage(path: string, text: string): Page {
  const { lines, blocks } = takeBlocks(text.split("\n"));
  const titles = lines.flatMap((line, at) => {
    const match = /^(#{1,6}) (.+)$/.exec(line);
    return match === null ? [] : [{ at, level: match[1]!.length, title: match[2]! }];
  });
  const sections = titles.map(({ at, level, title }, i) => ({
    level,
    title,
    text: lines.slice(at + 1, titles[i + 1]?.at).join("\n"),
  }));
  const links = lines.flatMap((line, at) =>
    [...line.replaceAll(/`[^`]*`/g, "").matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => ({
      target: target!,
      line: at + 1,
    })),
  );
  return {
    path,
    text,
    sections,
    tables: sections.flatMap(takeTables),
    blocks,
    prose: lines.map((line) => line.replaceAll(/`[^`]*`/g, "").replaceAll(/\]\([^)]*\)/g, "]")),
    spans: lines.flatMap((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, span]) => span!)),
    links,
  };
}

/** Returns the code spans of a piece of Markdown. */
export function spansOf(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, span]) => span!);
}

/** Returns the only table of a section whose first column has this title. */
export function tableOf({ tables, path }: Page, section: string, column: string): Table {
  const [found, another] = tables.filter(({ section: at, head }) => at === section && head[0] === column);
  if (found !== undefined && another === undefined) return found;
  throw new Error(
    `${path} has ${found === undefined ? "no" : "more than one"} table of "${column}" in the section "${section}"`,
  );
}

/** Returns the link target that GitHub makes from a heading. */
export function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
    .replaceAll(" ", "-");
}

function takeBlocks(all: readonly string[]): { lines: string[]; blocks: Block[] } {
  const lines: string[] = [];
  const blocks: Block[] = [];
  let open: { lang: string; line: number; text: string[] } | null = null;
  for (const [at, line] of all.entries()) {
    const fence = /^ *```(.*)$/.exec(line);
    if (fence === null) {
      if (open === null) lines.push(line);
      else {
        open.text.push(line);
        lines.push("");
      }
      continue;
    }
    lines.push("");
    if (open === null) open = { lang: fence[1]!.trim(), line: at + 2, text: [] };
    else {
      blocks.push({ lang: open.lang, line: open.line, text: open.text.join("\n") });
      open = null;
    }
  }
  return { lines, blocks };
}

function takeTables({ title, text }: Section): Table[] {
  const tables: Table[] = [];
  const lines = text.split("\n");
  for (const [at, line] of lines.entries()) {
    if (!/^\|[ :|-]+\|$/.test(line) || at === 0) continue;
    const rows: string[][] = [];
    for (let row = at + 1; lines[row]?.startsWith("|") === true; row++) rows.push(cellsOf(lines[row]!));
    tables.push({ section: title, head: cellsOf(lines[at - 1]!), rows });
  }
  return tables;
}

function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}
