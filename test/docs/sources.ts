import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { ROOT } from "./markdown.ts";

/** Reads all files of `src`, by their path from the root. */
export function readSources(): Map<string, string> {
  const paths = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" });
  return new Map(
    paths
      .map((path) => `src/${path.replaceAll("\\", "/")}`)
      .filter((path) => path.endsWith(".ts"))
      .map((path) => [path, readFileSync(join(ROOT, path), "utf8")]),
  );
}

/** Returns the comments and string literals of a source file, line by line, from 1. */
export function wordsIn(text: string): { line: number; words: string }[] {
  const pieces: { start: number; words: string }[] = [];
  let rest = text;
  const visit = (node: ts.Node): void => {
    if (ts.isLiteralExpression(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      const start = node.getStart(source);
      rest = rest.slice(0, start) + " ".repeat(node.end - start) + rest.slice(node.end);
      const isSaid = !ts.isRegularExpressionLiteral(node) && !ts.isImportDeclaration(node.parent);
      if (isSaid) pieces.push({ start, words: node.text });
    }
    ts.forEachChild(node, visit);
  };
  const source = ts.createSourceFile("x.ts", text, ts.ScriptTarget.ES2023, true);
  visit(source);
  // Without the literals, anything that looks like a comment is one.
  for (const { 0: words, index: start } of rest.matchAll(/\/\/.*|\/\*[^]*?\*\//g)) pieces.push({ start, words });
  pieces.sort((a, b) => a.start - b.start);
  return pieces.flatMap(({ start, words }) => {
    const first = source.getLineAndCharacterOfPosition(start).line + 1;
    return words.split("\n").map((part, i) => ({ line: first + i, words: part }));
  });
}

/** A word that the project avoids, and its replacement. */
export interface Stray {
  readonly word: string;
  readonly say: string;
}

/** Names that contain an avoided word but are not ours to choose. */
const FOREIGN = [/\bfast hash\b/g, /\bhash functions?\b/gi, /\bLoadCredential\b/g];

/** Returns the avoided words in a text, in any form: `credentials: say key, or token`. */
export function strayWords(words: string, strays: readonly Stray[]): string[] {
  const text = FOREIGN.reduce((rest, name) => rest.replaceAll(name, ""), words);
  return strays.flatMap(({ word, say }) => {
    const stem = word.replace(/e$/, "");
    if (!text.toLowerCase().includes(stem)) return [];
    const found = new RegExp(`(?<![\\w.-])(${stem}(?:e|es|ed|s|ing|ation)?)(?![\\w(=-])`, "i").exec(text)?.[1];
    return found === undefined || /^[A-Z]{2,}$/.test(found) ? [] : [`${found}: say ${say}`];
  });
}
