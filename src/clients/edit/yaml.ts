import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseAllDocuments,
  type Document,
  type Node,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { ConfigEntry, ConfigValue } from "../client.ts";
import { indexIn } from "../config-tree.ts";
import { renderYaml } from "../render/yaml.ts";
import { CannotEdit, lineBreakOf, nest, splice, startOfLine, type Editor } from "./editor.ts";

/** A new member comes first in its block, and a new block at the end of the file: nothing before or after it has to change. */
export const yaml: Editor = {
  parse: (text) => read(text)?.toJS() as unknown,

  put(text, { path, by, value }) {
    const root = read(text)?.contents ?? null;
    if (root === null || !isFilled(root)) return append(text, renderYaml(nest(path, inList(value, by))));
    let node: Node = root;
    let line = 0;
    for (const [i, name] of path.entries()) {
      if (!isMap(node)) throw new CannotEdit(`${name} is not in a block`);
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === name);
      const member = nest(path.slice(i + 1), inList(value, by));
      if (pair === undefined) {
        if (i > 0 || node.flow === true) return insert(text, node, line, { [name]: member });
        return append(text, renderYaml({ [name]: member }));
      }
      const key = rangeOf(pair.key as Node);
      if (!isFilled(pair.value)) return fill(text, key, pair.value, member);
      [line, node] = [key.end, pair.value];
    }
    if (by === undefined) return replace(text, node, value);
    if (!isSeq(node)) throw new CannotEdit("the list is not written as one");
    const item = node.items[indexIn(node.toJSON(), by, value)];
    return item === undefined ? insert(text, node, line, [value]) : replace(text, item as Node, value);
  },
};

function inList(value: ConfigValue, by: ConfigEntry["by"]): ConfigValue {
  return by === undefined ? value : [value];
}

/** @throws {@link CannotEdit} for a syntax error, with its line, and for several documents in one file */
function read(text: string): Document.Parsed | null {
  const documents = parseAllDocuments(text);
  const [first = null, second] = "empty" in documents ? [] : documents;
  if (second !== undefined) throw new CannotEdit("more than one document");
  const [error] = first?.errors ?? [];
  if (error !== undefined) throw new CannotEdit(error.message, error.linePos?.[0].line);
  return first;
}

/** Adds a block at the end of the file. */
function append(text: string, block: string): string {
  const eol = lineBreakOf(text);
  const separator = /(?:^|\n|^\uFEFF)$/.test(text) ? "" : eol;
  return text + separator + block.replaceAll("\n", eol) + eol;
}

/** Adds the first member of an object or the first item of a list, below the line at which its name ends. */
function insert(text: string, container: YAMLMap | YAMLSeq, line: number, added: ConfigValue): string {
  const { start } = rangeOf(container);
  if (container.flow === true) {
    const inner = JSON.stringify(added).slice(1, -1);
    return splice(text, start + 1, start + 1, container.items.length === 0 ? inner : `${inner}, `);
  }
  const indent = " ".repeat(columnOf(text, container));
  const at = endOfLine(text, line);
  return splice(text, at, at, lineBreakOf(text) + block(text, added, indent));
}

/** Gives a name its first value. */
function fill(text: string, key: Range, value: unknown, added: ConfigValue): string {
  const { start, end } = value === null ? key : rangeOf(value as Node);
  if (value !== null && end > start) return splice(text, start, end, JSON.stringify(added));
  const indent = " ".repeat(key.start - startOfLine(text, key.start) + 2);
  const at = endOfLine(text, key.end);
  return splice(text, at, at, lineBreakOf(text) + block(text, added, indent));
}

function replace(text: string, node: Node, value: ConfigValue): string {
  const { start } = rangeOf(node);
  const end = text.slice(0, contentEnd(node)).trimEnd().length;
  if (!isMap(node) || node.flow === true) return splice(text, start, end, JSON.stringify(value));
  const indent = " ".repeat(start - startOfLine(text, start));
  return splice(text, start, end, block(text, value, indent).trimStart());
}

function block(text: string, value: ConfigValue, indent: string): string {
  return renderYaml(value, indent).replaceAll("\n", lineBreakOf(text));
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function rangeOf({ range }: Node): Range {
  if (range === undefined || range === null) throw new CannotEdit("a value without a place");
  return { start: range[0], end: range[1] };
}

/** Returns the end of the last scalar of a block: comments and empty lines after it are not part of it. */
function contentEnd(node: unknown): number {
  if (isMap(node) && node.flow !== true) return contentEnd(node.items.at(-1));
  if (isSeq(node) && node.flow !== true) return contentEnd(node.items.at(-1));
  if (isPair(node)) return contentEnd(node.value ?? node.key);
  return rangeOf(node as Node).end;
}

/** Returns the column of the members of a block; that of a list is the column of its dashes. */
function columnOf(text: string, container: YAMLMap | YAMLSeq): number {
  const { start } = rangeOf(container);
  return start - startOfLine(text, start);
}

function isFilled(value: unknown): value is Node {
  if (isAlias(value)) throw new CannotEdit("an alias");
  return value !== null && !(isScalar(value) && value.value === null);
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  if (end === -1) return text.length;
  return text.charAt(end - 1) === "\r" ? end - 1 : end;
}
