import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { expect, test } from "vitest";
import { GROUPS, type Check, GROUP_TITLES } from "../../src/probe/check.ts";
import { exitOf } from "../../src/probe/report/conclude.ts";
import { GRADES } from "../../src/probe/report/grade.ts";
import { CHECKS } from "../../src/probe/index.ts";
import { referencesOf } from "../../src/probe/report/references.ts";
import { reports } from "../../src/probe/report/index.ts";
import { STDIO_CHECKS } from "../../src/probe/stdio/index.ts";
import { STATUSES, type Result } from "../../src/probe/report/report.ts";
import { readPage, ROOT, spansOf, tableOf } from "./markdown.ts";

const PATH = join(ROOT, "docs/checks.md");

/** Returns the page with its tables generated from the code. */
async function generatePage(): Promise<string> {
  const page = readFileSync(PATH, "utf8");
  const grades = Object.entries(GRADES).map(([grade, { rule }]) => `| ${grade} | ${rule} |`);
  const groups = GROUPS.map((group) => ({
    title: GROUP_TITLES[group],
    checks: CHECKS.filter((check) => check.group === group),
  }));
  const sections = [...groups, { title: "programs over stdio", checks: STDIO_CHECKS }].map(
    ({ title, checks }) => `### ${title}\n\n${table(checks)}`,
  );
  const full = page
    .replace(
      /(\| grade \| when[^\n]*\n\|[^\n]*\n)(?:\|[^\n]*\n)*/,
      (_, head: string) => `${head}${grades.join("\n")}\n`,
    )
    .replace(/(\n## The checks\n\n[^\n]*\n)[^]*$/, (_, head: string) => `${head}\n${sections.join("\n")}`);
  return format(full, { ...(await resolveConfig(PATH)), filepath: PATH });
}

function table(checks: readonly Omit<Check, "run">[]): string {
  const rows = checks.map((check) => {
    const { id, about, level, expected, fix, source } = check;
    return `| [\`${id}\`](${source.href}) | ${about}, ${level.toUpperCase()} | ${cell(expected)} | ${cell(fix)} | ${referencesOf(check).join(", ")} |`;
  });
  return `| check | about | expected | fix | see also |\n| --- | --- | --- | --- | --- |\n${rows.join("\n")}\n`;
}

/** Escapes Markdown in a table cell, except code spans. */
function cell(text: string): string {
  return text.replace(/`[^`]*`|[|*_<>[\]]/g, (part) => (part.length > 1 ? part : `\\${part}`));
}

test("docs/checks.md has all checks and grades of the code", async () => {
  const expected = await generatePage();
  if (process.env["WRITE_DOCS"] === "1") writeFileSync(PATH, expected);
  expect(readFileSync(PATH, "utf8"), "update it: WRITE_DOCS=1 npx vitest run test/docs/checks.test.ts").toBe(expected);
});

test("docs/checks.md has all statuses, results with their exit codes, and reports", () => {
  const page = readPage("docs/checks.md");
  const rows = (section: string, column: string) =>
    tableOf(page, section, column).rows.map(([name, , last]) => [spansOf(name!)[0], last] as const);
  const statuses = rows("What a finding says", "status").map(([name]) => name);
  expect([...statuses].sort()).toEqual([...STATUSES].sort());
  const exits = { protected: 0, partial: 0, unprotected: 8, inconclusive: 7 } satisfies Record<Result, number>;
  expect(rows("What a finding says", "result").map(([name, exit]) => [name, Number(exit)])).toEqual(
    Object.entries(exits),
  );
  expect(exitOf({ ok: false, proven: false, findings: [] })).toBe(exits.inconclusive);
  expect(rows("In CI", "report").map(([name]) => name)).toEqual(["pretty", ...Object.keys(reports)]);
});
