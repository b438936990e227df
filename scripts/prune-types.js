// Reduces the type declarations to those that the entry points reach: tsc writes every export of every source file. Keeps each doc
// comment of what is left.
import { readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import ts from "typescript";

const root = resolve(import.meta.dirname, "../dist/types");
const entries = ["index.d.ts", "testing.d.ts"].map((name) => join(root, name));
const options = { module: ts.ModuleKind.NodeNext, noLib: true, types: [], allowImportingTsExtensions: true };
const program = ts.createProgram(entries, options);
const checker = program.getTypeChecker();
const isOurs = (/** @type {ts.SourceFile} */ { fileName }) => resolve(fileName).startsWith(root);

/** The statements, and the names in imports and exports, that stay. @type {Set<ts.Node>} */
const reached = new Set();

/** Keeps what declares the symbol, and what that names. */
function reach(/** @type {ts.Symbol | undefined} */ symbol) {
  for (const declaration of symbol?.declarations ?? []) {
    if (!isOurs(declaration.getSourceFile())) continue;
    const kept = isName(declaration) ? declaration : statementOf(declaration);
    if (reached.has(kept)) continue;
    reached.add(kept);
    if (isName(declaration)) reach(checker.getImmediateAliasedSymbol(checker.getSymbolAtLocation(declaration.name)));
    else visit(kept);
  }
}

function visit(/** @type {ts.Node} */ node) {
  if (ts.isIdentifier(node)) reach(checker.getSymbolAtLocation(node));
  if (ts.isImportTypeNode(node)) reach(checker.getSymbolAtLocation(node.qualifier ?? node));
  ts.forEachChild(node, visit);
}

/** @returns {node is ts.ImportSpecifier | ts.ExportSpecifier} */
function isName(/** @type {ts.Node} */ node) {
  return ts.isImportSpecifier(node) || ts.isExportSpecifier(node);
}

function statementOf(/** @type {ts.Node} */ node) {
  let statement = node;
  while (!ts.isSourceFile(statement.parent)) statement = statement.parent;
  return statement;
}

for (const entry of entries) {
  const source = program.getSourceFile(entry);
  if (source === undefined) throw new Error(`${entry} is missing`);
  for (const each of source.statements) reached.add(each);
  for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(source))) reach(symbol);
}

/** Returns the text of a statement with its doc comment, without what is not reached. */
function textOf(/** @type {ts.Statement} */ statement) {
  const names = ts.isImportDeclaration(statement)
    ? statement.importClause?.namedBindings
    : ts.isExportDeclaration(statement)
      ? statement.exportClause
      : undefined;
  if (names === undefined || !(ts.isNamedImports(names) || ts.isNamedExports(names))) {
    return reached.has(statement) ? statement.getFullText().trim() : "";
  }
  const kept = names.elements.filter((each) => reached.has(each)).map((each) => each.getText());
  if (kept.length === 0) return "";
  const text = statement.getText();
  const start = statement.getStart();
  return `${text.slice(0, names.pos - start)} { ${kept.join(", ")} }${text.slice(names.end - start)}`;
}

for (const name of await readdir(root, { recursive: true })) {
  if (!name.endsWith(".d.ts")) continue;
  const path = join(root, name);
  const texts = (program.getSourceFile(path)?.statements ?? []).map(textOf).filter((text) => text !== "");
  if (texts.length === 0) await rm(path);
  else await writeFile(path, indentByOne(texts.join("\n")));
}

/** tsc indents by four. */
function indentByOne(/** @type {string} */ text) {
  return `${text.replace(/^( {4})+/gm, (spaces) => " ".repeat(spaces.length / 4))}\n`;
}
