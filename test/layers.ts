import ts from "typescript";

interface Layer {
  /** A file of `src`, or a folder with its slash. */
  readonly holds: readonly string[];
  /** Layers, files, packages and built-in modules; `node:*` for all of Node, `*` for everything. */
  readonly may: readonly string[];
  /** Only with `import type`. */
  readonly asType?: readonly string[];
  /** Only with `import()`, on first use: heavy, or perhaps not installed. */
  readonly onFirstUse?: readonly string[];
}

/** The architecture: each layer may import itself and what stands here. The reasons are in `docs/architecture.md`. */
export const LAYERS: Readonly<Record<string, Layer>> = {
  errors: { holds: ["errors.ts"], may: [] },
  version: { holds: ["package-version.ts"], may: [] },
  core: { holds: ["core/"], may: ["errors", "node:crypto", "node:zlib"] },
  config: { holds: ["config.ts"], may: ["errors", "node:path"] },
  stores: { holds: ["stores/"], may: ["core", "errors", "node:*"], onFirstUse: ["@napi-rs/keyring", "keytar"] },
  world: { holds: ["world.ts"], may: ["config", "core", "nanoid", "node:os"], asType: ["stores/store.ts"] },
  keys: { holds: ["keys/keys.ts", "keys/"], may: ["core", "errors", "world", "nanoid"], asType: ["stores/store.ts"] },
  server: {
    holds: ["server/"],
    may: ["core", "errors", "keys", "world", "node:crypto"],
    asType: ["stores/store.ts", "node:http"],
  },
  probe: { holds: ["probe/"], may: ["core", "errors"], asType: ["http/http.ts"] },
  http: { holds: ["http/"], may: ["errors", "node:*"] },
  formats: { holds: ["formats/"], may: ["core", "errors"] },
  sinks: { holds: ["sinks/"], may: ["core", "errors", "node:*"] },
  doctor: { holds: ["doctor/"], may: ["core", "errors", "keys", "stores"], asType: ["config"] },
  open: {
    holds: ["open-store.ts", "probe.ts"],
    may: ["config", "core", "http", "probe", "stores", "version", "world"],
  },
  cli: { holds: ["cli/"], may: ["*"] },
  index: {
    holds: ["index.ts"],
    may: ["core", "errors", "formats", "keys", "open", "probe", "server", "sinks", "stores", "version", "world"],
  },
};

/** Registry → where the things it lists stand. Those know the contract and not each other. */
const SIBLINGS: Readonly<Record<string, string>> = {
  "stores/index.ts": "stores/",
  "formats/index.ts": "formats/",
  "sinks/index.ts": "sinks/",
  "probe/index.ts": "probe/checks/",
  "probe/stdio/index.ts": "probe/stdio/checks/",
  "cli/commands/index.ts": "cli/commands/",
  "doctor/index.ts": "doctor/diagnostics/",
};

/** Folder → the only files outside it that may look in. */
const INSIDE: Readonly<Record<string, readonly string[]>> = {
  "stores/journal/": [
    "stores/archive.ts",
    "stores/file.ts",
    "stores/keychain.ts",
    "stores/keychain/parts.ts",
    "stores/keychain/writer.ts",
    "stores/inspect-files.ts",
  ],
};

/** Package → the only file that may name it. */
const SOLE_USER: Readonly<Record<string, string>> = {
  chalk: "cli/terminal/render.ts",
  "@inquirer/prompts": "cli/terminal/ask.ts",
};

/** Costs more than the rest of a command, so it is loaded when it is needed and not before. */
const ON_FIRST_USE = ["cli/terminal/ask.ts", "cli/doctor.ts", "cli/open.ts"];

/**
 * File → the words it may say of the process, the clock, randomness and the console: the two edges, and the one that has
 * to signal a whole process group.
 */
const AMBIENT: Readonly<Record<string, readonly string[]>> = {
  "cli/main.ts": ["process", "console", "Date.now", "Math.random", "performance.now", "new Date()"],
  "world.ts": ["process", "Date.now", "performance.now"],
  "sinks/process-group.ts": ["node:process"],
  // A process of its own, and who starts it.
  "stores/keychain/program.ts": ["process"],
  "stores/keychain/child.ts": ["node:process"],
};

const LINES = { limit: 250, median: 80 };
const DUMPING_GROUND = /(^|\/)(utils?|helpers?|common|shared|misc|lib|types)(\/|\.ts$)/;
const KEBAB = /^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*\.ts$/;

interface Import {
  readonly specifier: string;
  readonly how: "value" | "type" | "call";
}

/** What `files` (path below `src` → text) does that the architecture forbids; empty when all is well. */
export function strays(files: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  const values = new Map<string, string[]>();
  for (const [path, text] of files) {
    const { imports, ambient, exports } = read(path, text);
    const says = (what: string) => found.push(`${path} ${what}`);
    values.set(path, []);

    if (!KEBAB.test(path)) says("is not named in kebab-case");
    if (DUMPING_GROUND.test(path)) says("is named after no thing");
    if (lineCount(text) > LINES.limit) says(`has more than ${LINES.limit} lines`);
    for (const kind of exports) says(`has ${kind}`);
    for (const word of ambient) if (!AMBIENT[path]?.includes(word)) says(`says ${word}`);

    const layer = layerOf(path);
    if (!layer) {
      says("stands in no layer");
      continue;
    }
    for (const { specifier, how } of imports) {
      const target = specifier.startsWith(".") ? resolve(path, specifier) : specifier;
      if (specifier.startsWith(".") && !files.has(target)) {
        says(`imports ${specifier}, which is no file here`);
        continue;
      }
      if (how === "value") values.get(path)?.push(target);
      if (!mayImport(layer, target, how)) says(`imports ${target}, which ${layer} may not${asWhat(how)}`);
      if (SOLE_USER[target] !== undefined && SOLE_USER[target] !== path)
        says(`imports ${target} beside ${SOLE_USER[target]}`);
      if (ON_FIRST_USE.includes(target) && how === "value") says(`imports ${target} before it is needed`);
      for (const [folder, users] of Object.entries(INSIDE)) {
        if (target.startsWith(folder) && !path.startsWith(folder) && !users.includes(path))
          says(`looks into ${folder}`);
      }
    }
  }
  return [...found, ...siblingImports(values), ...circles(values)];
}

/** Lines of the file in the middle, and whether that is few enough. */
export function medianLines(files: ReadonlyMap<string, string>): { lines: number; limit: number } {
  const counts = [...files.values()].map(lineCount).sort((a, b) => a - b);
  return { lines: counts[Math.floor(counts.length / 2)] ?? 0, limit: LINES.median };
}

function mayImport(layer: string, target: string, how: Import["how"]): boolean {
  const { may, asType = [], onFirstUse = [] } = LAYERS[layer]!;
  const granted = [...may, ...(how === "type" ? asType : []), ...(how === "call" ? onFirstUse : [])];
  const own = layerOf(target);
  if (own === layer) return true;
  return granted.some(
    (name) => name === "*" || name === target || name === own || (name === "node:*" && target.startsWith("node:")),
  );
}

function layerOf(path: string): string | undefined {
  return Object.keys(LAYERS).find((name) =>
    LAYERS[name]?.holds.some((held) => path === held || (held.endsWith("/") && path.startsWith(held))),
  );
}

function siblingImports(values: ReadonlyMap<string, readonly string[]>): string[] {
  return Object.entries(SIBLINGS).flatMap(([registry, folder]) => {
    const members = (values.get(registry) ?? []).filter((path) => path.startsWith(folder));
    return members.flatMap((member) =>
      (values.get(member) ?? [])
        .filter((target) => target === registry || members.includes(target))
        .map((target) => `${member} imports its sibling ${target}`),
    );
  });
}

/** Files that need each other to load, each circle once. */
function circles(values: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push(`${[...trail.slice(start), path].join(" → ")} is a circle`);
    if (start >= 0 || done.has(path)) return;
    for (const target of values.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of values.keys()) visit(path, []);
  return found;
}

function read(path: string, text: string): { imports: Import[]; ambient: Set<string>; exports: Set<string> } {
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
    // As a modifier; the `default:` of a switch is a clause and comes without its keyword.
    if (node.kind === ts.SyntaxKind.DefaultKeyword) exports.add("a default export");
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { imports, ambient, exports };
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
    return { specifier: name && ts.isStringLiteral(name) ? name.text : "what is not written out", how: "call" };
  }
  return undefined;
}

/** The clock, randomness, the process and the console, however they are reached; comments and strings may name them. */
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

function resolve(from: string, specifier: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

function asWhat(how: Import["how"]): string {
  return how === "call" ? " even on first use" : how === "type" ? " even as a type" : "";
}

function lineCount(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}
