import { getNodeValue, parseTree, type Node, type ParseError } from "jsonc-parser";
import type { ConfigEntry, ConfigValue } from "../client.ts";
import { indexIn } from "../config-tree.ts";
import { renderJson } from "../render/json.ts";
import { CannotEdit, indentAt, lineBreakOf, nest, splice, startOfLine, type Editor } from "./editor.ts";

/** The rest of the line after an opening bracket, if it contains no member. */
const REST_OF_LINE = /^[ \t]*(?:\/\/[^\r\n]*|\/\*(?:(?!\*\/)[^\r\n])*\*\/)?[ \t]*(?=\r?\n)/;

/** JSON with comments and trailing commas. A new member becomes the first one: nothing before or after it has to change. */
export const json: Editor = {
  parse: (text) => {
    const tree = read(text);
    return tree === undefined ? undefined : (getNodeValue(tree) as unknown);
  },

  put(text, { path, by, value }) {
    const root = read(text);
    if (root === undefined) return text + renderJson(nest(path, inList(value, by))) + lineBreakOf(text);
    let node = root;
    for (const [i, name] of path.entries()) {
      const next = memberOf(node, name);
      const rest = path.slice(i + 1);
      if (next === undefined) return insert(text, node, nest(rest, inList(value, by)), name);
      if (next.type === "null") return replace(text, next, nest(rest, inList(value, by)));
      node = next;
    }
    if (by === undefined) return replace(text, node, value);
    const item = (node.children ?? [])[indexIn(getNodeValue(node) as unknown[], by, value)];
    return item === undefined ? insert(text, node, value) : replace(text, item, value);
  },
};

function inList(value: ConfigValue, by: ConfigEntry["by"]): ConfigValue {
  return by === undefined ? value : [value];
}

/** @throws {@link CannotEdit} for a syntax error, with its line */
function read(text: string): Node | undefined {
  const errors: ParseError[] = [];
  // A byte order mark is no token of JSON; a space keeps the positions.
  const body = text.replace(/^\uFEFF/, " ");
  const tree = parseTree(body, errors, { allowTrailingComma: true, allowEmptyContent: true });
  const [error] = errors;
  if (error === undefined) return tree;
  throw new CannotEdit("a syntax error", text.slice(0, error.offset).split(/\r\n|\n|\r/).length);
}

/** Returns the value of a member. Programs disagree about which one of two with the same name counts. */
function memberOf(object: Node, name: string): Node | undefined {
  const [found, another] = (object.children ?? []).filter(({ children }) => children?.[0]?.value === name);
  if (another !== undefined) throw new CannotEdit(`${JSON.stringify(name)} is there twice`);
  return found?.children?.[1];
}

function replace(text: string, { offset, length }: Node, value: ConfigValue): string {
  const isOneLine = !text.slice(offset, offset + length).includes("\n");
  const written = isOneLine ? JSON.stringify(value) : render(text, value, indentAt(text, offset));
  return splice(text, offset, offset + length, written);
}

/** Makes a value the first one in an object or a list. */
function insert(text: string, { offset, length, children = [] }: Node, value: ConfigValue, name?: string): string {
  const open = offset + 1;
  const inner = text.slice(open, offset + length - 1);
  const label = name === undefined ? "" : `${JSON.stringify(name)}: `;
  const [first] = children;
  if (first !== undefined && !inner.includes("\n")) {
    return splice(text, first.offset, first.offset, `${label}${JSON.stringify(value)}, `);
  }
  const at = open + (REST_OF_LINE.exec(inner)?.[0].length ?? 0);
  const own = indentAt(text, offset);
  const indent = first !== undefined && isFirstOfLine(text, first) ? indentAt(text, first.offset) : own + unitOf(text);
  const eol = lineBreakOf(text);
  const isLast = first === undefined && !text.slice(at, offset + length).includes("\n");
  const end = first === undefined ? "" : ",";
  const inserted = eol + indent + label + render(text, value, indent) + end + (isLast ? eol + own : "");
  return splice(text, at, at, inserted);
}

function isFirstOfLine(text: string, { offset }: Node): boolean {
  return text.slice(startOfLine(text, offset), offset).trim() === "";
}

function render(text: string, value: ConfigValue, indent: string): string {
  return renderJson(value, unitOf(text)).replaceAll("\n", lineBreakOf(text) + indent);
}

/** Returns what the file indents with: that of its first indented line. */
function unitOf(text: string): string {
  return /^([ \t]+)["{[]/m.exec(text)?.[1] ?? "  ";
}
