import { format } from "prettier";
import { expect, test } from "vitest";
import { markdown } from "../../../src/probe/report/markdown.ts";
import { FINDINGS, REPORT } from "./reports.ts";

const text = markdown(REPORT);

test("has a table for access and one for conformance, with a row for each broken check", () => {
  const sections = text.split(/^### /m);
  const rows = (title: string) =>
    (sections.find((section) => section.startsWith(title)) ?? "").split("\n").filter((line) => line.startsWith("| **"));
  expect(rows("Access")).toHaveLength(2);
  expect(rows("Conformance")).toHaveLength(2);
  expect(rows("Access").join()).toContain("hole");
  expect(rows("Access")[1]).toContain("(known)");
  expect(text).toContain("Grade **F**");
  expect(text).toMatch(/^## MCP server: unprotected\n/);
  for (const { id } of FINDINGS) expect(text).toContain(`\`${id}\``);
});

test("escapes Markdown, HTML and mentions that a server sends", () => {
  const words = text.replace(/(?<!\\)`[^`]*`/g, "");
  expect(words).not.toMatch(/<img|<2>|\*\*b\*\*|\]\(http:\/\/evil\)/);
  expect(text).not.toMatch(/(?<!\\)@everyone/);
  expect(text).not.toMatch(/(?<!\\)\[a\\?\]/);
  expect(text).not.toContain("www.evil");
  // Hostile text adds no cells.
  const tables = text.split("\n").filter((line) => line.startsWith("| "));
  for (const row of tables) expect(row.match(/(?<!\\)\|/g), row).toHaveLength(6);
});

test("is Markdown that Prettier can parse", async () => {
  const once = await format(text, { parser: "markdown" });
  expect(await format(once, { parser: "markdown" })).toBe(once);
  expect(once).toContain("<details>");
});
