import { dirname, join } from "node:path";
import { build } from "esbuild";
import ts from "typescript";
import { ROOT, type Block } from "./markdown.ts";

/** A sample of the documentation: the file that its first line names, and where it stands. */
export interface Sample {
  /** Relative to the root, such as `src/formats/x.ts`. */
  readonly path: string;
  readonly text: string;
  readonly line: number;
}

/** The rows that a block adds to `CODES`. */
export function addedCodes(blocks: readonly Block[]): string {
  return blocks.flatMap(({ text }) => /^\/\/ in CODES of src\/errors\.ts\n([^]*)/.exec(text)?.[1] ?? []).join("\n");
}

/** The TypeScript blocks that begin with the name of their file: `// src/formats/x.ts`. */
export function samplesIn(blocks: readonly Block[]): Sample[] {
  return blocks.flatMap(({ lang, text, line }) => {
    const path = /^\/\/ (src\/\S+\.ts)\n/.exec(text)?.[1];
    return lang === "ts" && path !== undefined ? [{ path, text: `${text}\n`, line }] : [];
  });
}

/** The code of the project with the samples where their first lines say, as if they had been added. */
export interface Sources {
  /** What the compiler says of a sample: `line 12: …`, the line as on the page. */
  faults(sample: Sample): string[];
  /** The members of an exported interface, an optional one with a `?` behind it. */
  members(file: string, name: string): string[];
  /** The strings that an exported union is made of. */
  words(file: string, name: string): string[];
}

/**
 * @param files - relative to the root; what {@link Sources.members} is asked about
 * @param codes - rows of `CODES` that the samples throw
 */
export function openSources(samples: readonly Sample[], files: readonly string[], codes = ""): Sources {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), (path) => ts.sys.readFile(path)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, { ...ts.sys, readDirectory: () => [] }, ROOT);
  // Names of members and words need no declarations of Node, which are most of the work.
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

/** Runs a sample as if it stood where it says, and gives what it exports. Its imports are copies of their own. */
export async function runSample({ path, text }: Sample): Promise<Record<string, unknown>> {
  const { outputFiles } = await build({
    stdin: { contents: text, loader: "ts", resolveDir: dirname(join(ROOT, path)), sourcefile: path },
    define: { __VERSION__: '"0.0.0"' },
    // For what is CommonJS inside of it.
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
