import fc from "fast-check";
import { stringify as writeToml } from "smol-toml";
import { describe, expect, test } from "vitest";
import { stringify as writeYaml } from "yaml";
import { editConfig } from "../../src/clients/edit/edit-config.ts";
import { clients } from "../../src/clients/index.ts";
import type { ClientName } from "../../src/clients/names.ts";
import { KeysError } from "../../src/errors.ts";
import { RUNS } from "../arbitraries.ts";

/** Every run parses the file several times. */
const numRuns = RUNS.some / 4;
const names = fc.constantFrom("a", "b", "x y", "ü", '"', "notes2", "mcpServers", "mcp_servers", "extensions", "#", "}");
const texts = fc.oneof(
  names,
  fc.string({ maxLength: 12 }),
  fc.constantFrom("// x", "# x", "/* x", "{", "[a]", "- b", "\\"),
);
const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    texts,
    fc.integer(),
    fc.boolean(),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(names, tie("value"), { maxKeys: 3 }),
  ),
})).value;
const objects = fc.dictionary(names, values, { maxKeys: 4 });

/** A file with other settings and, mostly, other servers. */
const settings = (list: string, entries: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .tuple(objects, fc.option(entries), objects)
    .map(([before, servers, after]) => ({
      ...before,
      [list]: undefined,
      ...(servers !== null && { [list]: servers }),
      ...after,
      ...(list in after && { [list]: servers ?? {} }),
    }))
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));

const blanks = fc.constantFrom(
  "",
  " ",
  "\n",
  "\r\n",
  "\t",
  "\n    ",
  ' // x "}\n',
  " /* { */ ",
  "\n// [\n",
  "\r\n/* \r\n */",
);

/** Writes JSON with anything that may stand between its tokens, and commas at the end. */
function writeJson(value: unknown, gap: () => string, comma: () => boolean): string {
  const list = (open: string, close: string, items: readonly string[]): string => {
    const end = items.length > 0 && comma() ? `,${gap()}` : "";
    return `${open}${items.map((item) => gap() + item + gap()).join(",")}${end}${gap()}${close}`;
  };
  const write = (each: unknown): string => writeJson(each, gap, comma);
  if (Array.isArray(value)) return list("[", "]", value.map(write));
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}${gap()}:${gap()}${write(member)}`,
  );
  return list("{", "}", members);
}

const json = fc
  .tuple(
    settings("mcpServers", objects),
    fc.array(blanks, { minLength: 1, maxLength: 40 }),
    fc.array(fc.boolean(), { minLength: 1, maxLength: 10 }),
    fc.constantFrom("", "\uFEFF"),
  )
  .map(([value, gaps, commas, start]) => {
    let [i, j] = [0, 0];
    return (
      start +
      writeJson(
        value,
        () => gaps[i++ % gaps.length]!,
        () => commas[j++ % commas.length]!,
      )
    );
  });

/** Puts comments and empty lines between the lines of a text that start at the margin. */
const withComments = (text: string, every: number, eol: string): string =>
  text
    .split("\n")
    .map((line, i) => (i % every === 0 && /^[A-Za-z[]/.test(line) ? `# ${i}: [x]\n\n${line}` : line))
    .join(eol);

const layout = fc.record({
  indent: fc.integer({ min: 2, max: 5 }),
  indentSeq: fc.boolean(),
  collectionStyle: fc.constantFrom("any", "block", "flow"),
  defaultStringType: fc.constantFrom("PLAIN", "QUOTE_DOUBLE", "QUOTE_SINGLE", "BLOCK_LITERAL", "BLOCK_FOLDED"),
} as const);

const yaml = fc
  .tuple(settings("extensions", objects), layout, fc.integer({ min: 1, max: 4 }), fc.constantFrom("\n", "\r\n"))
  .map(([value, options, every, eol]) => {
    const text = writeYaml(value, { ...options, blockQuote: options.defaultStringType.startsWith("BLOCK") });
    // Comments inside of a text would change it.
    return options.defaultStringType === "QUOTE_DOUBLE" ? withComments(text, every, eol) : text;
  });

const toml = fc
  .tuple(settings("mcp_servers", fc.dictionary(names, objects, { maxKeys: 3 })), fc.integer({ min: 1, max: 4 }))
  .map(([value, every]) => withComments(writeToml(value), every, "\n"));

function add(name: ClientName, text: string, url = "https://a.example/mcp"): string {
  const entries = clients[name].entries({ url, serverName: "notes", envName: "MCP_API_KEY" });
  return editConfig(text, entries, { syntax: clients[name].syntax, force: url.includes("moved"), source: "F" });
}

/** Returns whether the text before and after what was added is identical. */
function isInsertion(before: string, after: string): boolean {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  return after.length > before.length && after.endsWith(before.slice(start));
}

describe("the text before and after the new entry is identical", () => {
  test.each([
    ["cursor", json, 1],
    // Lists on one line, texts over several lines and the like may be refused, but not often.
    ["goose", yaml, 0.9],
    ["codex", toml, 0.9],
  ] as const)("%s", (name, files, least) => {
    const count = { all: 0, edited: 0 };
    fc.assert(
      fc.property(files, (text) => {
        count.all++;
        let after: string;
        try {
          after = add(name, text);
        } catch (error) {
          // It never throws anything else, and never changes anything then.
          expect(error).toBeInstanceOf(KeysError);
          expect((error as KeysError).code).toBe("USAGE");
          return;
        }
        count.edited++;
        expect(isInsertion(text, after), after).toBe(true);
        expect(add(name, after)).toBe(after);
        // The entry itself may be laid out anew.
        const moved = add(name, after, "https://moved.example/mcp").replace(/\s/g, "");
        expect(moved).toBe(after.replace("https://a.example/mcp", "https://moved.example/mcp").replace(/\s/g, ""));
      }),
      { numRuns },
    );
    expect(count.edited / count.all).toBeGreaterThanOrEqual(least);
  });
});

test.each(["cursor", "goose", "codex"] as const)("%s: any text is edited or refused with a code", (name) => {
  const piece = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    '"',
    ":",
    ",",
    "\n",
    " ",
    "a",
    "- ",
    "#",
    "//",
    "=",
    "|",
    "&a",
    "*a",
    "\uFEFF",
    "\0",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece, { maxLength: 30 }).map((all) => all.join("")),
      ),
      (text) => {
        try {
          add(name, text);
        } catch (error) {
          expect(error).toMatchObject({ code: "USAGE" });
        }
      },
    ),
    { numRuns },
  );
});
