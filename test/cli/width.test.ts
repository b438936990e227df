import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPainter } from "../../src/cli/terminal/painter.ts";
import { renderFields, renderTable } from "../../src/cli/terminal/render.ts";
import { widthOf, wrap } from "../../src/cli/terminal/text-width.ts";
import { createCli } from "./fake-world.ts";

const DAY = 86_400;

async function withKeys() {
  const { cli, clock } = createCli();
  const note = "Nightly build of the notes server, 毎晩のビルド 🚀, replaced every month by the deploy job";
  await cli(["generate", "deploy-notes-production", "--scope", "notes:read,notes:write,admin:users", "--note", note]);
  clock.now += 1;
  await cli("generate ci --expires never");
  await cli("rotate deploy-notes-production --overlap 1d");
  clock.now += DAY / 2;
  await cli(["generate", "zoe", "--owner", "研究開発部 田中さん", "--tag", "team=支払い,env=本番"]);
  await cli("revoke ci --reason compromised --yes");
  const { keys } = JSON.parse((await cli("list --json")).stdout) as { keys: { id: string }[] };
  const shown = async (line: string, columns?: number): Promise<string> => {
    const { stdout } = await cli(line, columns === undefined ? {} : { columns });
    return keys.reduce((text, { id }) => text.replaceAll(id, "7Fq2x9Lm0aBc"), stdout);
  };
  return { shown };
}

const LINES = ["list", "show deploy-notes-production", "show zoe", "show ci"];

describe("on a terminal", () => {
  test.each([60, 80, 120])("of %i columns no word is broken and no line is too long", async (columns) => {
    const { shown } = await withKeys();
    const screens: string[] = [];
    for (const line of LINES) {
      const plain = await shown(line);
      const fitted = await shown(line, columns);
      const tooLong = fitted.split("\n").filter((each) => widthOf(each) > columns);
      expect(tooLong, line).toEqual([]);
      const words = new Set(fitted.split(/\s+/));
      expect(
        plain.split(/\s+/).filter((word) => !words.has(word)),
        line,
      ).toEqual([]);
      screens.push(`$ mcp-keys ${line}\n${fitted}`);
    }
    expect(screens.join("\n")).toMatchSnapshot();
  });
});

test("a terminal that reports 0 columns gets whole lines", async () => {
  const { shown } = await withKeys();
  for (const line of LINES) expect(await shown(line, 0)).toBe(await shown(line));
});

test("without a terminal no line is wrapped", async () => {
  const { shown } = await withKeys();
  expect((await shown("list")).trimEnd().split("\n")).toHaveLength(4);
  expect(await shown("show deploy-notes-production")).toMatch(/^note {6,}Nightly .* by the deploy job$/m);
});

describe("a line", () => {
  test.each([
    ["abc", 3],
    ["é", 1],
    ["e\u0301", 1],
    ["毎晩", 4],
    ["ｶﾅ", 2],
    ["ＡＢ", 4],
    ["한국어", 6],
    ["🚀", 2],
    ["👩‍👩‍👧‍👦", 2],
    ["❤️", 2],
    ["\u001b[31mred\u001b[39m", 3],
    ["\u200b", 0],
  ])("%j takes %i columns", (text, width) => {
    expect(widthOf(text)).toBe(width);
  });

  test("that is wrapped keeps its words and its limit", () => {
    const word = fc.oneof(fc.stringMatching(/^[a-z]{1,12}$/), fc.constantFrom("毎晩", "🚀", "e\u0301te\u0301"));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), fc.integer({ min: 4, max: 60 }), (words, width) => {
        const lines = wrap(words.join(" "), width);
        expect(lines.join(" ")).toBe(words.join(" "));
        for (const line of lines) expect(widthOf(line) <= width || !line.includes(" ")).toBe(true);
      }),
    );
  });

  test("of a table is at most as wide as the terminal, unless one word is wider", async () => {
    const paint = await createPainter(0);
    const text = fc
      .array(fc.stringMatching(/^[a-z0-9:]{1,10}$/), { minLength: 1, maxLength: 8 })
      .map((words) => words.join(" "));
    const rows = fc.array(fc.tuple(text, text, text), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 30, max: 120 }), (each, width) => {
        const cells = each.map((row) => row.map((cell) => ({ text: cell })));
        const fitted = renderTable(paint, ["ONE", "TWO", "THREE"], cells, width);
        for (const line of fitted.split("\n")) expect(line.length).toBeLessThanOrEqual(width);
        const words = fitted.split(/\s+/);
        for (const one of each.flat().flatMap((cell) => cell.split(" "))) expect(words).toContain(one);
      }),
    );
  });

  test("of fields is not wrapped without a width", async () => {
    const long = "word ".repeat(100).trim();
    expect(renderFields(await createPainter(0), [["note", long], null])).toBe(`note  ${long}\n`);
  });
});
