// Puts the declarations of each entry point into one file: tsc writes a file for every source file, with all its exports. Only what an
// entry point reaches stays, with its doc comments.
import { readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import ts from "typescript";

const root = resolve(import.meta.dirname, "../dist/types");
const [index, testing] = ["index.d.ts", "testing.d.ts"].map((name) => join(root, name));
const options = { module: ts.ModuleKind.NodeNext, noLib: true, types: [], allowImportingTsExtensions: true };
const program = ts.createProgram([index, testing], options);
const checker = program.getTypeChecker();
const isOurs = (/** @type {ts.Node} */ node) => resolve(node.getSourceFile().fileName).startsWith(root);
/** A longer literal, such as a hint, is a string for a reader. */
const LONGEST_LITERAL = 40;

/**
 * @typedef {object} RollUp
 * @property {Set<ts.Statement>} statements - in the order in which they are reached
 * @property {Map<string, Set<string>>} imports - names from other packages and from Node, by module
 * @property {Set<string>} shared - names that the first entry point declares
 */

/** Collects what the exports of an entry point name, and what that names. @returns {RollUp} */
function collect(/** @type {string} */ entry, /** @type {Set<ts.Statement>} */ known) {
  /** @type {RollUp} */
  const found = { statements: new Set(), imports: new Map(), shared: new Set() };
  for (const symbol of exportsOf(entry)) reach(symbol);
  return found;

  function reach(/** @type {ts.Symbol | undefined} */ symbol) {
    if (symbol === undefined) return;
    for (const declaration of symbol.declarations ?? []) {
      if (!isOurs(declaration)) continue;
      if (ts.isImportSpecifier(declaration) || ts.isExportSpecifier(declaration)) follow(declaration);
      else add(statementOf(declaration), symbol.name);
    }
  }

  function follow(/** @type {ts.ImportSpecifier | ts.ExportSpecifier} */ { name, propertyName, parent }) {
    if (propertyName !== undefined) throw new Error(`${propertyName.text} has another name in a file that uses it`);
    const target = checker.getImmediateAliasedSymbol(checker.getSymbolAtLocation(name));
    const from = ts.isNamedImports(parent) ? parent.parent.parent.moduleSpecifier.text : ".";
    if (from.startsWith(".")) reach(target);
    else found.imports.set(from, (found.imports.get(from) ?? new Set()).add(name.text));
  }

  function add(/** @type {ts.Statement} */ statement, /** @type {string} */ name) {
    if (known.has(statement)) found.shared.add(name);
    else if (!found.statements.has(statement)) {
      found.statements.add(statement);
      visit(statement);
    }
  }

  function visit(/** @type {ts.Node} */ node) {
    if (ts.isIdentifier(node)) reach(checker.getSymbolAtLocation(node));
    if (ts.isImportTypeNode(node)) throw new Error(`import() in a declaration: ${node.getText()}`);
    ts.forEachChild(node, visit);
  }
}

function exportsOf(/** @type {string} */ entry) {
  return checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)));
}

function statementOf(/** @type {ts.Node} */ node) {
  let statement = node;
  // A parameter of a type belongs to its statement too.
  while (!ts.isSourceFile(statement.parent)) statement = statement.parent;
  return /** @type {ts.Statement} */ (statement);
}

/** @param {RollUp} rollUp */
function write({ statements, imports, shared }, /** @type {string} */ entry) {
  const names = [...statements].flatMap((each) =>
    namesOf(each).map((name) => `${name} in ${each.getSourceFile().fileName}`),
  );
  const files = new Map(names.map((each) => each.split(" in ")));
  const twice = names.find((each) => files.get(each.split(" in ")[0]) !== each.split(" in ")[1]);
  if (twice !== undefined) throw new Error(`two files declare ${twice}`);
  const exported = exportsOf(entry).map(({ name, declarations: [specifier] }) =>
    specifier.isTypeOnly || specifier.parent.parent.isTypeOnly ? `type ${name}` : name,
  );
  const lines = [
    ...[...imports].map(([from, list]) => `import type { ${[...list].join(", ")} } from "${from}";`),
    ...(shared.size === 0 ? [] : [`import type { ${[...shared].join(", ")} } from "./index.js";`]),
    ...[...statements].map(textOf),
    `export { ${exported.join(", ")} };`,
  ];
  return writeFile(entry, `${lines.join("\n").replace(/^( {4})+/gm, (spaces) => " ".repeat(spaces.length / 4))}\n`);
}

function namesOf(/** @type {ts.Statement} */ statement) {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  return statement.name === undefined ? [] : [statement.name.text];
}

/** Returns the text of a statement with its doc comment, without `export`, and with short literals. */
function textOf(/** @type {ts.Statement} */ statement) {
  const doc = statement.jsDoc?.at(-1)?.getText();
  const start = statement.getStart();
  let text = statement.getText();
  for (const node of longLiterals(statement).reverse()) {
    text = `${text.slice(0, node.getStart() - start)}string${text.slice(node.end - start)}`;
  }
  return `${doc === undefined ? "" : `${doc}\n`}${text.replace(/^export /, "")}`;
}

/** @returns {ts.Node[]} */
function longLiterals(/** @type {ts.Node} */ node) {
  const found = [];
  ts.forEachChild(node, (child) => {
    const isLong =
      ts.isLiteralTypeNode(child) && ts.isStringLiteral(child.literal) && child.literal.text.length > LONGEST_LITERAL;
    found.push(...(isLong ? [child] : longLiterals(child)));
  });
  return found;
}

const main = collect(index, new Set());
const other = collect(testing, main.statements);
const missing = [...other.shared].filter((name) => !exportsOf(index).some((each) => each.name === name));
if (missing.length > 0) throw new Error(`index.ts does not export ${missing.join(", ")}, which testing.ts needs`);
await Promise.all([write(main, index), write(other, testing)]);
for (const name of await readdir(root, { recursive: true })) {
  const path = join(root, name);
  if (path !== index && path !== testing) await rm(path, { recursive: true, force: true });
}
