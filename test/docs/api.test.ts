import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { readApi, renderApi } from "../../scripts/api-docs.js";
import { ROOT } from "./markdown.ts";

const api = readApi();

describe("the public API", () => {
  test("has a doc comment on every export", () => {
    expect(api.length).toBeGreaterThan(80);
    expect(api.filter(({ text }) => !/^\S.*\.(\s|$)/s.test(text)).map(({ name, file }) => `${file}: ${name}`)).toEqual(
      [],
    );
  });

  test("has an example on every export, and the example uses the export", () => {
    const lacking = api.filter(({ name, examples }) => !examples.some(({ code }) => imports(code, name)));
    expect(lacking.map(({ name, file }) => `${file}: ${name}`)).toEqual([]);
  });

  test("lists the exports of src/index.ts under the headings of docs/api.md", () => {
    expect([...new Set(api.map(({ topic }) => topic))]).toEqual([
      ...["Issue keys", "Stores", "Guards", "Verifier", "Tokens and digests", "Probe", "Formats", "Errors"],
    ]);
  });
});

describe("the examples of the public API", () => {
  let faultsOf: (path: string) => string[];
  const examples = api.flatMap(({ name, file, examples: all }) =>
    all.map(({ code, line }, i) => ({ name, path: join(ROOT, `test/docs/example-${name}-${i}.ts`), code, file, line })),
  );
  const WRONG = {
    path: join(ROOT, "test/docs/example-wrong.ts"),
    code: 'import { probe } from "mcp-keys";\nprobe(1);\n',
  };

  beforeAll(() => {
    faultsOf = compile(new Map([...examples, WRONG].map(({ path, code }) => [path, `${code}\nexport {};\n`])));
  }, 120_000);

  test.each(examples)("$file:$line the example of $name compiles", ({ path }) => {
    expect(faultsOf(path)).toEqual([]);
  });

  test("an example that does not compile is found", () => {
    expect(faultsOf(WRONG.path)).toEqual([expect.stringMatching(/^line 2: Argument of type 'number'/)]);
  });
});

test("docs/api.md is up to date", async () => {
  expect(readFileSync(join(ROOT, "docs/api.md"), "utf8"), "run: npm run docs:api").toBe(await renderApi(api));
});

/** Whether the code imports `name` from the package. A type or value it only mentions in passing does not count. */
function imports(code: string, name: string): boolean {
  const named = [...code.matchAll(/import (?:type )?\{([^}]*)\} from "mcp-keys"/g)].flatMap(([, list]) =>
    list!.split(","),
  );
  return named.some((each) => each.trim().replace(/^type /, "") === name);
}

/** Type-checks files that are not on disk against the sources, with the options of the project. */
function compile(files: ReadonlyMap<string, string>): (path: string) => string[] {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), (path) => ts.sys.readFile(path)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, { ...ts.sys, readDirectory: () => [] }, ROOT);
  // An example may declare a name only to show it.
  Object.assign(options, {
    noUnusedLocals: false,
    noUnusedParameters: false,
    paths: { "mcp-keys": [join(ROOT, "src/index.ts")] },
  });
  const host = ts.createCompilerHost(options, true);
  const onDisk = { fileExists: host.fileExists.bind(host), readFile: host.readFile.bind(host) };
  host.fileExists = (path) => files.has(path) || onDisk.fileExists(path);
  host.readFile = (path) => files.get(path) ?? onDisk.readFile(path);
  const program = ts.createProgram([...files.keys()], options, host);
  return (path) => {
    const source = program.getSourceFile(path)!;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map((fault) => {
      const line = source.getLineAndCharacterOfPosition(fault.start ?? 0).line + 1;
      return `line ${line}: ${ts.flattenDiagnosticMessageText(fault.messageText, " ")}`;
    });
  };
}
