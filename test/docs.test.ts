import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { commands } from "../src/cli/commands/index.ts";
import { CODES, type Code } from "../src/errors.ts";
import * as library from "../src/index.ts";
import { createCli } from "./cli/fake-world.ts";
import { commandsIn, faultOf } from "./docs/commands.ts";
import { listPages, parsePage, readPage, ROOT, slugOf, spansOf, tableOf, type Page } from "./docs/markdown.ts";
import { readSources, strayWords, wordsIn } from "./docs/sources.ts";
import { LAYERS } from "./layers.ts";

const source = readSources();
const pages = new Map(listPages().map((path) => [path, readPage(path)]));
const page = (path: string): Page => pages.get(path)!;

describe("every page", () => {
  test("has no broken links", () => {
    const missing = [...pages.values()].flatMap((each) => brokenLinks(each));
    expect(missing, "correct the link, or the heading it names").toEqual([]);
    expect(brokenLinks(parsePage("docs/x.md", "[a](gone.md)\n[b](#gone)\n[c](x.md#d)\n# D"))).toEqual([
      "docs/x.md:1: gone.md",
      "docs/x.md:2: #gone",
    ]);
  });

  test("names existing files only", () => {
    const missing = [...pages.values()].flatMap(({ path, spans }) =>
      spans
        .filter(
          (span) => /^(src|test|docs|bin|scripts|examples|\.ci)\/[\w./-]+$/.test(span) && !span.startsWith("docs/x"),
        )
        .filter((span) => !existsSync(join(ROOT, span)))
        .map((span) => `${path}: ${span}`),
    );
    expect(missing).toEqual([]);
  });

  test("shows only commands that parse", async () => {
    const shown = [...pages.values()].flatMap(commandsIn);
    expect(shown.length).toBeGreaterThan(20);
    const faults = await Promise.all(
      shown.map(async ({ at, line }) => [`${at}: ${line}`, await faultOf(line)] as const),
    );
    expect(faults.filter(([, fault]) => fault !== null)).toEqual([]);
  });

  test("finds a command that does not parse", async () => {
    expect(await faultOf("mcp-keys rotate")).toContain("missing required argument");
    expect(await faultOf("mcp-keys rotate ci --overlpa 1h")).toContain("unknown option");
    expect(await faultOf("mcp-keys rotated ci")).toContain("unknown command");
    expect(await faultOf("mcp-keys list --status gone")).toContain("is not a valid value");
    expect(await faultOf("mcp-keys rotate ci --finish --abort")).toContain("cannot be used with");
    const console =
      '```console\n$ npx mcp-keys lst | cat\nmcp-keys output\n$ eval "$(mcp-keys generate)"\n```\n`mcp-keys show <key>`';
    expect(commandsIn(parsePage("x.md", console)).map(({ line }) => line)).toEqual([
      "mcp-keys lst",
      "mcp-keys generate",
      "mcp-keys show <key>",
    ]);
    const sh = "```sh\nmcp-keys rotate ci --to 'a && b | c > d' | cat\n```";
    expect(commandsIn(parsePage("x.md", sh)).map(({ line }) => line)).toEqual([
      "mcp-keys rotate ci --to 'a && b | c > d'",
    ]);
  });

  test("avoids the words that docs/words.md rules out, in pages, comments and messages", () => {
    const strays = tableOf(page("docs/words.md"), "Not used", "word").rows.map(([word, say]) => ({
      word: spansOf(word!)[0]!,
      say: say!,
    }));
    const texts = [
      ...[...source].flatMap(([path, text]) =>
        wordsIn(text).map(({ line, words }) => ({ at: `${path}:${line}`, words })),
      ),
      ...[...pages.values()]
        .filter(({ path }) => path === "README.md" || path.startsWith("docs/"))
        .flatMap(({ path, prose }) => prose.map((words, i) => ({ at: `${path}:${i + 1}`, words }))),
    ];
    const found = texts.flatMap(({ at, words }) => strayWords(words, strays).map((each) => `${at}: ${each}`));
    expect(
      found.filter((each) => !FOREIGN_WORDS.some((name) => name.test(each))),
      "see docs/words.md",
    ).toEqual([]);

    const planted = wordsIn(
      '// validates it\nconst hash = { credentials: `two ${hash("x")} grace periods` };\nx.delete(1);',
    );
    expect(planted.flatMap(({ line, words }) => strayWords(words, strays).map((each) => `${line} ${each}`))).toEqual([
      "1 validates: say verify a server, check a token, parse a text",
      "2 grace periods: say overlap",
    ]);
  });
});

/** Places that use the term of another program. */
const FOREIGN_WORDS = [
  /^src\/probe\/checks\/restricts-cors\.ts:\d+: credentials:/,
  /^docs\/checks\.md:\d+: credentials:/,
  /^docs\/keychain\.md:\d+: Credential:/,
  // SQL.
  /^src\/stores\/postgres\/[a-z-]+\.ts:\d+: delete:/,
];

function brokenLinks({ path, links, sections }: Page): string[] {
  return links
    .filter(({ target }) => !/^[a-z]+:/.test(target))
    .filter(({ target }) => {
      const [file = "", anchor] = target.split("#");
      const to = file === "" ? path : normalize(join(dirname(path), file));
      if (to !== path && !existsSync(join(ROOT, to))) return true;
      const there = to === path ? sections : pages.get(to)?.sections;
      return anchor !== undefined && there?.some(({ title }) => slugOf(title) === anchor) !== true;
    })
    .map(({ target, line }) => `${path}:${line}: ${target}`);
}

describe("docs/architecture.md", () => {
  const architecture = page("docs/architecture.md");

  test("lists the layers of test/layers.ts and what each may import", () => {
    const written = tableOf(architecture, "Layers", "layer").rows.map(([layer, holds, may]) => ({
      layer: spansOf(layer!)[0],
      holds: spansOf(holds!),
      may: may!
        .split(/ (?=`)/)
        .filter((each) => each !== "")
        .sort(),
    }));
    const code = Object.entries(LAYERS).map(([layer, { holds, may, asType = [], onFirstUse = [] }]) => ({
      layer,
      holds,
      may: [
        ...may.map((each) => (each === "*" ? "everything" : `\`${each}\``)),
        ...asType.map((each) => `\`${each}\` _type_`),
        ...onFirstUse.map((each) => `\`${each}\` _on first use_`),
      ].sort(),
    }));
    expect(written, "the table and test/layers.ts differ").toEqual(code);
  });

  test("names functions in the file that defines them", () => {
    const listed = [...architecture.text.matchAll(/`(src\/[\w./-]+\.ts)`\s+`(\w+)`/g)];
    expect(listed.length).toBeGreaterThan(25);
    const missing = listed.filter(([, path, name]) => !new RegExp(`\\b${name!}\\b`).test(source.get(path!) ?? ""));
    expect(
      missing.map(([all]) => all),
      "name the new file",
    ).toEqual([]);
  });

  test("describes for each step of a rotation what a kill leaves", () => {
    const title = "A rotation, step by step";
    const { text } = architecture.sections.find((section) => section.title === title)!;
    const steps = [...text.matchAll(/^(\d+)\. \*\*/gm)].map(([, n]) => n);
    expect(tableOf(architecture, title, "killed in").rows.flatMap(([cell]) => cell!.split(", "))).toEqual(steps);
  });
});

describe("docs/errors.md", () => {
  const sections = page("docs/errors.md").sections.filter(({ title }) => /^`[A-Z_]+`$/.test(title));

  test("has one section for every code, in the order of CODES", () => {
    const written = sections.map(({ title }) => spansOf(title)[0]);
    expect(written, "a section: ## `CODE`, Exit n, HTTP n, what it means, **Fix:** what to do").toEqual(
      Object.keys(CODES),
    );
  });

  test.each(sections.map(({ title, text }) => [spansOf(title)[0] as Code, text] as const))(
    "%s has the exit and HTTP status of the code, and a fix",
    (code, text) => {
      expect(text.trim()).toMatch(new RegExp(`^Exit ${CODES[code].exit}, HTTP ${CODES[code].http}\\. \\S`));
      expect(text).toMatch(/^\*\*Fix:\*\* \S/m);
    },
  );

  test("every code is used", () => {
    const users = [...source].filter(([path]) => path !== "src/errors.ts").map(([, text]) => text);
    const unused = Object.keys(CODES).filter((code) => !users.some((text) => text.includes(`"${code}"`)));
    expect(unused, "throw it, or remove it").toEqual([]);
  });

  test.each(["docs/errors.md", "README.md"])("%s lists the exit statuses of --help", async (path) => {
    const help = /^Exit codes:\n([^]+)/m.exec((await createCli().cli("--help")).stdout)![1]!;
    const listed = [...help.matchAll(/(\d+) ([^·\n]+)/g)].map(([, status, means]) => [status, means!.trim()]);
    const table = page(path).tables.find(({ head: [first] }) => first === "status" || first === "exit")!;
    expect(table.rows.map(([status, means]) => [status, means!.replace(/^an? /, "")])).toEqual(listed);
    const exits = [...new Set(Object.values(CODES).map(({ exit }) => String(exit)))];
    expect(exits.filter((exit) => !listed.some(([status]) => status === exit))).toEqual([]);
  });
});

describe("README.md", () => {
  test("has one row for every command, in the order of --help", () => {
    const rows = tableOf(page("README.md"), "Commands", "command").rows.map(
      ([cell]) => spansOf(cell!)[0]!.split(" ")[0],
    );
    expect(rows, "the table below ## Commands").toEqual(Object.keys(commands));
  });

  test("imports only exports of the library", () => {
    const code = page("README.md").blocks.filter(({ lang }) => lang === "ts");
    const imported = code.flatMap(({ text }) =>
      [...text.matchAll(/import \{([^}]+)\} from "mcp-keys"/g)].flatMap(([, names]) => names!.split(",")),
    );
    expect(imported.length).toBeGreaterThan(0);
    expect(imported.map((name) => name.trim()).filter((name) => !Object.hasOwn(library, name))).toEqual([]);
  });

  test("links to every page in docs", () => {
    const linked = page("README.md").links.map(({ target }) => target);
    expect([...pages.keys()].filter((path) => path.startsWith("docs/") && !linked.includes(path))).toEqual([]);
  });
});

test("every command in a hint parses", async () => {
  const named = Object.values(CODES).flatMap(({ hint }) => /mcp-keys (?!is\b)[^;,]+/.exec(hint)?.[0] ?? []);
  expect(named.length).toBeGreaterThan(5);
  for (const line of named.filter((each) => !each.startsWith("mcp-keys; ")))
    expect([line, await faultOf(line)]).toEqual([line, null]);
});
