import { expect, test } from "vitest";
import { CHECKS } from "../../../src/probe/index.ts";
import { referencesOf, referenceUrl } from "../../../src/probe/report/references.ts";
import { STDIO_CHECKS } from "../../../src/probe/stdio/index.ts";

const ALL = [...CHECKS, ...STDIO_CHECKS];

test("every access check names a risk of OWASP or a weakness of CWE", () => {
  const without = ALL.filter(({ about }) => about === "access").filter(
    (check) => !referencesOf(check).some((reference) => /^(?:MCP\d\d:2025|CWE-\d+)$/.test(reference)),
  );
  expect(without.map(({ id }) => id)).toEqual([]);
});

test("every reference has a known form and leads to its own page", () => {
  const references = new Set(ALL.flatMap(referencesOf));
  for (const reference of references) {
    expect(reference).toMatch(/^(?:MCP\d\d:2025|CWE-\d+|CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3})$/);
    expect(referenceUrl(reference)).toMatch(/^https:\/\/(?:owasp\.org|cwe\.mitre\.org|nvd\.nist\.gov|github\.com)\//);
    expect(referenceUrl(reference)).not.toContain("undefined");
  }
  expect(new Set([...references].map(referenceUrl)).size).toBe(references.size);
});

test("a check has each reference once", () => {
  for (const check of ALL) expect(new Set(referencesOf(check)).size, check.id).toBe(referencesOf(check).length);
});
