import { beforeAll, describe, expect, test } from "vitest";
import { readPage, spansOf } from "./markdown.ts";
import { openSources, type Sample, type Sources } from "./samples.ts";

const page = readPage("docs/server.md");
const samples = page.blocks
  .filter(({ lang }) => lang === "ts")
  .map(({ text, line }, i): Sample => ({ path: `src/sample-${i}.ts`, text: local(text), line }));

/** Imports the library from the sources. */
function local(text: string): string {
  return text.replace('from "mcp-keys"', 'from "./index.ts"');
}

const OPTIONS = [
  ["src/server/guard/guard-options.ts", "GuardOptions"],
  ["src/server/verifier/verifier-options.ts", "VerifierOptions"],
] as const;

describe("docs/server.md", () => {
  let sources: Sources;
  beforeAll(() => {
    sources = openSources(
      [...samples, WRONG],
      OPTIONS.map(([file]) => file),
    );
  });

  test("has an example for each guard", () => {
    const code = samples.map(({ text }) => text).join("\n");
    for (const name of ["guardNode", "guardFastify", "guardFetch", "createTokenVerifier", "requireApiKeyFromEnv"]) {
      expect(code).toContain(`${name}(`.replace("guardFastify(", "guardFastify,"));
    }
  });

  test.each(samples)("the sample on line $line compiles", (sample) => {
    expect(sources.faults(sample)).toEqual([]);
  });

  test("finds a sample that does not compile", () => {
    expect(sources.faults(WRONG)).toEqual([expect.stringContaining("'scope' does not exist")]);
  });

  test.each(OPTIONS)("lists every option of %s, in its order", (file, name) => {
    const members = sources.members(file, name).map((member) => member.replace("?", ""));
    const tables = page.tables.filter(({ head: [first] }) => first === "option");
    const written = tables.map(({ rows }) => rows.map(([option]) => spansOf(option!)[0]));
    expect(written).toContainEqual(members);
  });
});

const WRONG: Sample = {
  path: "src/sample-wrong.ts",
  line: 1,
  text: local('import { guardNode, type Verifier } from "mcp-keys";\nguardNode({} as Verifier, { scope: "read" });\n'),
};
