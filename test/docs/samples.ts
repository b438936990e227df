import { dirname, join } from "node:path";
import { build } from "esbuild";
import ts from "typescript";
import { ROOT, type Block } from "./markdown.ts";

/** A code sample of a page, with the path in its first line. */
export interface Sample {
  /** Relative to the root, for example `src/formats/x.ts`. */
  readonly path: string;
  readonly text: string;
  readonly line: number;
}

/** Returns the rows that samples add to `CODES`. */
export function addedCodes(blocks: readonly Block[]): string {
  return blocks.flatMap(({ text }) => /^\/\/ in CODES of src\/errors\.ts\n([^]*)/.exec(text)?.[1] ?? []).join("\n");
}

/** Returns the TypeScript blocks that start with a path: `// src/formats/x.ts`. */
export function samplesIn(blocks: readonly Block[]): Sample[] {
  return blocks.flatMap(({ lang, text, line }) => {
    const path = /^\/\/ (src\/\S+\.ts)\n/.exec(text)?.[1];
    return lang === "ts" && path !== undefined ? [{ path, text: `${text}\n`, line }] : [];
  });
}

/** The code of the project together with the samples. */
export interface Sources {
  /** Returns the compiler errors of a sample: `line 12: …`, counted on the page. */
  faults(sample: Sample): string[];
  /** Returns the members of an exported interface; optional ones end in `?`. */
  members(file: string, name: string): string[];
  /** Returns the strings of an exported union. */
  words(file: string, name: string): string[];
}

/**
 * Compiles the samples with the code of the project.
 * @param files - files for {@link Sources.members} and {@link Sources.words}, relative to the root
 * @param codes - rows of `CODES` that the samples throw
 */
export function openSources(samples: readonly Sample[], files: readonly string[], codes = ""): Sources {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), (path) => ts.sys.readFile(path)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, { ...ts.sys, readDirectory: () => [] }, ROOT);
  // Member names need no declarations of Node, which take most of the time.
  if (samples.length === 0) Object.assign(options, { noLib: true, types: [] });
  const host = ts.createCompilerHost(options, true);
  const added = new Map(samples.map(({ path, text }) => [join(ROOT, path), text]));
  const errors = join(ROOT, "src/errors.ts");
  added.set(
    errors,
    (ts.sys.readFile(errors) ?? "").replace("\n} as const satisfies", `\n${codes}\n} as const satisfies`),
  );
  const onDisk = { fileExists: host.fileExists.bind(host), readFile: host.readFile.bind(host) };
  host.fileExists = (path) => added.has(path) || onDisk.fileExists(path);
  host.readFile = (path) => added.get(path) ?? onDisk.readFile(path);
  const roots = [...added.keys(), ...files.map((file) => join(ROOT, file))];
  const program = ts.createProgram(roots, options, host);
  const checker = program.getTypeChecker();

  const typeOf = (file: string, name: string): ts.Type => {
    const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(join(ROOT, file))!)!);
    const symbol = exported.find((each) => each.name === name);
    if (symbol === undefined) throw new Error(`${file} exports no ${name}`);
    return checker.getDeclaredTypeOfSymbol(
      symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    );
  };

  return {
    faults({ path, line }) {
      const source = program.getSourceFile(join(ROOT, path))!;
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map((fault) => {
        const at = source.getLineAndCharacterOfPosition(fault.start ?? 0).line + line;
        return `line ${at}: ${ts.flattenDiagnosticMessageText(fault.messageText, " ")}`;
      });
    },
    members: (file, name) =>
      typeOf(file, name)
        .getProperties()
        .map((member) => member.name + (member.flags & ts.SymbolFlags.Optional ? "?" : "")),
    words(file, name) {
      const type = typeOf(file, name);
      return (type.isUnion() ? type.types : [type]).map((each) => (each as ts.StringLiteralType).value);
    },
  };
}

/** Runs a sample at its path and returns its exports. It imports its own copies of modules. */
export async function runSample({ path, text }: Sample): Promise<Record<string, unknown>> {
  const { outputFiles } = await build({
    stdin: { contents: text, loader: "ts", resolveDir: dirname(join(ROOT, path)), sourcefile: path },
    define: { __VERSION__: '"0.0.0"' },
    // For bundled CommonJS modules.
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(${JSON.stringify(join(ROOT, path))});`,
    },
    bundle: true,
    format: "esm",
    platform: "node",
    write: false,
  });
  const code = Buffer.from(outputFiles[0]!.contents).toString("base64");
  return (await import(/* @vite-ignore */ `data:text/javascript;base64,${code}`)) as Record<string, unknown>;
}
