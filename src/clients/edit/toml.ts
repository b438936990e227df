import { parse, TomlError } from "smol-toml";
import { isTree } from "../config-tree.ts";
import { renderToml } from "../render/toml.ts";
import { CannotEdit, lineBreakOf, splice, type Editor } from "./editor.ts";

/** The parsers for TOML keep no comments, so the text is edited: a new table is added at the end, where nothing can belong to it. */
export const toml: Editor = {
  parse: read,

  put(text, { path, value }) {
    const eol = lineBreakOf(text);
    const table = renderToml(path, value).replaceAll("\n", eol);
    const own = findTable(text, path);
    if (own !== null) return splice(text, own.start, own.end, table);
    const body = text.replace(/^\uFEFF/, "");
    const gap = body === "" || /\n\r?\n$/.test(body) ? "" : body.endsWith("\n") ? eol : eol + eol;
    return `${text}${gap}${table}${eol}`;
  },
};

/** @throws {@link CannotEdit} for a syntax error, with its line */
function read(text: string): unknown {
  try {
    return parse(text.replace(/^\uFEFF/, ""), { integersAsBigInt: "asNeeded" });
  } catch (error) {
    throw new CannotEdit("a syntax error", error instanceof TomlError ? error.line : undefined);
  }
}

/** Returns where a table is, from its header to its last line that is neither empty nor a comment. */
function findTable(text: string, path: readonly string[]): { start: number; end: number } | null {
  const lines = [...text.matchAll(/^[ \t\uFEFF]*\[.*$/gm)];
  const from = lines.findIndex((line) => isHeaderOf(line[0], path) && isOutside(text, line.index));
  const start = lines[from]?.index;
  if (start === undefined) return null;
  const next = lines.slice(from + 1).find(({ index }) => isOutside(text, index));
  const body = text.slice(start, next?.index);
  const kept = body.split("\n");
  while (/^\s*(?:#[^\n]*)?$/.test(kept.at(-1) ?? "x")) kept.pop();
  return { start, end: start + kept.join("\n").replace(/\r$/, "").length };
}

/** A line that looks like a header may be part of a string or a list; the text before it is then incomplete. */
function isOutside(text: string, at: number): boolean {
  try {
    read(text.slice(0, at));
    return true;
  } catch {
    return false;
  }
}

function isHeaderOf(line: string, path: readonly string[]): boolean {
  try {
    let tree = read(line);
    for (const name of path) tree = isTree(tree) && Object.hasOwn(tree, name) ? tree[name] : undefined;
    return isTree(tree) && Object.keys(tree).length === 0;
  } catch {
    return false;
  }
}
