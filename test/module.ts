import ts from "typescript";

export interface Import {
  readonly specifier: string;
  readonly how: "value" | "type" | "call";
}

interface Module {
  readonly imports: readonly Import[];
  /** Uses of the process, the clock, randomness and the console, however they are reached. */
  readonly ambient: ReadonlySet<string>;
  /** Exports that the project does not use: default exports and `export *`. */
  readonly exports: ReadonlySet<string>;
  /** Names of the classes, interfaces, enums and type aliases declared at the top level. */
  readonly types: readonly string[];
}

/** Parses one source file. Comments and strings do not count. */
export function readModule(path: string, text: string): Module {
  const imports: Import[] = [];
  const ambient = new Set<string>();
  const exports = new Set<string>();
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const visit = (node: ts.Node): void => {
    const added = importOf(node);
    if (added) imports.push(added);
    const word = ambientWord(node);
    if (word !== undefined) ambient.add(word);
    if (ts.isExportAssignment(node)) exports.add("a default export");
    if (ts.isExportDeclaration(node) && (!node.exportClause || ts.isNamespaceExport(node.exportClause))) {
      exports.add("an export of everything");
    }
    // The modifier; the `default:` of a switch is a clause without this keyword.
    if (node.kind === ts.SyntaxKind.DefaultKeyword) exports.add("a default export");
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { imports, ambient, exports, types: source.statements.flatMap(typeNameOf) };
}

function typeNameOf(node: ts.Statement): string[] {
  const declares =
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isEnumDeclaration(node);
  return declares && node.name ? [node.name.text] : [];
}

function importOf(node: ts.Node): Import | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const clause = node.importClause;
    const names = clause?.namedBindings && ts.isNamedImports(clause.namedBindings) ? clause.namedBindings.elements : [];
    const onlyTypes = names.length > 0 && !clause?.name && names.every(({ isTypeOnly }) => isTypeOnly);
    const isType = clause?.phaseModifier === ts.SyntaxKind.TypeKeyword || onlyTypes;
    return { specifier: node.moduleSpecifier.text, how: isType ? "type" : "value" };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, how: node.isTypeOnly ? "type" : "value" };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
    return { specifier: node.argument.literal.text, how: "type" };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [name] = node.arguments;
    return { specifier: name && ts.isStringLiteral(name) ? name.text : "a computed name", how: "call" };
  }
  return undefined;
}

function ambientWord(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const text = `${node.expression.getText()}.${node.name.text}`;
    if (/^(globalThis\.)?(Date\.now|Math\.random|performance\.now|crypto\.(getRandomValues|randomUUID))$/.test(text))
      return text;
    if (/^globalThis\.(process|console)$/.test(text)) return text;
  }
  if (ts.isNewExpression(node) && node.expression.getText() === "Date" && !node.arguments?.length) return "new Date()";
  if (ts.isIdentifier(node) && (node.text === "process" || node.text === "console")) {
    const { parent } = node;
    const isName =
      (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
      ((ts.isPropertySignature(parent) || ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent)) &&
        parent.name === node);
    return isName ? undefined : node.text;
  }
  if (ts.isStringLiteral(node) && ["node:process", "node:console"].includes(node.text)) return node.text;
  return undefined;
}
