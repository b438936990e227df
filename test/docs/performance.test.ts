import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatPage } from "../../bench/page.js";
import { readPage, ROOT, tableOf } from "./markdown.ts";

interface BenchRow {
  what: string;
  peer: string;
  ours: string;
  ratio: string;
  goal: string;
  met: boolean | null;
}

const results = JSON.parse(readFileSync(join(ROOT, "bench/results.json"), "utf8")) as {
  machine: Record<string, unknown>;
  minutes: number;
  rows: BenchRow[];
};

test("docs/performance.md shows the results of the last run", async () => {
  const page = readFileSync(join(ROOT, "docs/performance.md"), "utf8");
  expect(page, "update it: node bench/page.js").toBe(await formatPage(results));
});

test("the results name the machine, and have each area", () => {
  expect(Object.keys(results.machine)).toEqual(["cpu", "cores", "memory", "os", "node", "date", "load"]);
  for (const row of results.rows) expect(Object.keys(row)).toEqual(["what", "peer", "ours", "ratio", "goal", "met"]);
  for (const area of [
    "a verdict",
    "Express",
    "mcp-keys check",
    "with 100,000 keys",
    "memory",
    "npm install",
    "mcp-keys test",
  ])
    expect(
      results.rows.some(({ what }) => what.includes(area)),
      area,
    ).toBe(true);
});

test("the page explains each missed goal, and only those", async () => {
  const { rows } = tableOf(readPage("docs/performance.md"), "Performance", "what");
  expect(rows).toHaveLength(results.rows.length);
  const [first] = results.rows;
  const missed = await formatPage({ ...results, rows: [{ ...first!, met: false }] });
  const met = await formatPage({ ...results, rows: [{ ...first!, met: true }] });
  expect(missed).toContain(`**${first!.what}: ${first!.ratio || first!.ours}, goal`);
  expect(met).toContain("None in this run.");
});

test("README links the page", () => {
  expect(readFileSync(join(ROOT, "README.md"), "utf8")).toContain("docs/performance.md");
});
