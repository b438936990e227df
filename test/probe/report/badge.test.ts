import { expect, test } from "vitest";
import { badge } from "../../../src/probe/report/badge.ts";
import type { Report } from "../../../src/probe/report/report.ts";
import { REPORT } from "./reports.ts";

test.each<[string, Pick<Report, "grade" | "result">, string]>([
  ["the grade of a protected server", { grade: "A+", result: "protected" }, "mcp-keys: grade A+"],
  ["the grade of an open server", { grade: "F", result: "unprotected" }, "mcp-keys: grade F"],
  ["that a run was inconclusive", { grade: null, result: "inconclusive" }, "mcp-keys: inconclusive"],
  ["that a run was partial", { grade: null, result: "partial" }, "mcp-keys: partial"],
])("shows %s, also to a screen reader", (_, more, title) => {
  const image = badge({ ...REPORT, ...more });
  expect(image).toMatch(/^<svg [^>]*role="img" aria-label="[^"]+">/);
  expect(image).toContain(`<title>${title}</title>`);
  expect(image).not.toMatch(/<script|href|url\(/);
});

test("white text is readable on every colour", () => {
  for (const grade of ["A+", "A", "B", "C", "D", "F", null] as const) {
    const colors = badge({ ...REPORT, grade, result: "inconclusive" }).matchAll(/fill="#([0-9a-f]{6})"/g);
    for (const [, hex = ""] of colors) {
      const [r = 0, g = 0, b = 0] = [0, 2, 4].map((at) => toLinear(parseInt(hex.slice(at, at + 2), 16) / 255));
      expect(1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05)).toBeGreaterThanOrEqual(4.5);
    }
  }
});

function toLinear(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
}
