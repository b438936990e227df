import { format } from "prettier";
import { expect, test } from "vitest";
import { markdown } from "../../../src/probe/report/markdown.ts";
import { FINDINGS, REPORT } from "./reports.ts";

const text = markdown(REPORT);

test("the door and manners have tables of their own, with a row for each finding that does not hold", () => {
  const sections = text.split(/^### /m);
  const rows = (title: string) =>
    (sections.find((section) => section.startsWith(title)) ?? "").split("\n").filter((line) => line.startsWith("| **"));
  expect(rows("The door")).toHaveLength(2);
  expect(rows("Manners")).toHaveLength(2);
  expect(rows("The door").join()).toContain("accepted");
  expect(rows("The door")[1]).toContain("(known)");
  expect(text).toContain("Grade **F**");
  expect(text).toMatch(/^## MCP door: open\n/);
  for (const { id } of FINDINGS) expect(text).toContain(`\`${id}\``);
});

test("nothing that a server sent is read as Markdown, as HTML, or as somebody's name", () => {
  const words = text.replace(/(?<!\\)`[^`]*`/g, "");
  expect(words).not.toMatch(/<img|<2>|\*\*b\*\*|\]\(http:\/\/evil\)/);
  expect(text).not.toMatch(/(?<!\\)@everyone/);
  expect(text).not.toMatch(/(?<!\\)\[a\\?\]/);
  expect(text).not.toContain("www.evil");
  // Each row has its five cells, whatever stands in them.
  const tables = text.split("\n").filter((line) => line.startsWith("| "));
  for (const row of tables) expect(row.match(/(?<!\\)\|/g), row).toHaveLength(6);
});

test("it is Markdown that a parser reads", async () => {
  const once = await format(text, { parser: "markdown" });
  expect(await format(once, { parser: "markdown" })).toBe(once);
  expect(once).toContain("<details>");
});
