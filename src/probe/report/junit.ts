import { isBroken } from "./conclude.ts";
import type { Finding, Report } from "./report.ts";

/**
 * Renders a report as JUnit XML: one suite for access and one for conformance, with a case for each finding. Broken checks are
 * failures even if they do not affect the exit status. `info` passes with a message; untestable and known findings are skipped.
 */
export function junit({ url, findings }: Report): string {
  const suites = (["access", "conformance"] as const).map((about) =>
    suite(
      `${url} ${about}`,
      findings.filter((finding) => finding.about === about),
    ),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="mcp-keys test"${totals(findings)}>\n${suites.join("")}</testsuites>\n`;
}

function suite(name: string, findings: readonly Finding[]): string {
  return `  <testsuite name="${escape(name)}"${totals(findings)}>\n${findings.map(testcase).join("")}  </testsuite>\n`;
}

function totals(findings: readonly Finding[]): string {
  const failures = findings.filter((finding) => isBroken(finding) && finding.known !== true).length;
  const skipped = findings.filter(({ status, known }) => status === "untestable" || known === true).length;
  const time = seconds(findings.reduce((sum, { ms }) => sum + ms, 0));
  return ` tests="${String(findings.length)}" failures="${String(failures)}" errors="0" skipped="${String(skipped)}" time="${time}"`;
}

function testcase(finding: Finding): string {
  const { id, about, group, ms } = finding;
  const head = `    <testcase classname="${about}.${group}" name="${escape(id)}" time="${seconds(ms)}">\n`;
  return `${head}${outcome(finding)}    </testcase>\n`;
}

function outcome(finding: Finding): string {
  const { status, level, expected, observed, source, fix, known } = finding;
  if (status === "untestable") return `      <skipped message="${escape(`untestable: ${observed}`)}"/>\n`;
  if (known === true) return `      <skipped message="${escape(`known: ${observed}`)}"/>\n`;
  if (!isBroken(finding)) return `      <system-out>${escape(`${status}: ${observed}`)}</system-out>\n`;
  const text = `expected: ${expected}\nobserved: ${observed}\nrule: ${source}\nfix: ${fix}`;
  return `      <failure type="${level}" message="${escape(observed)}">${escape(text)}</failure>\n`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "<": "&lt;",
  ">": "&gt;",
  "&": "&amp;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Drops the characters that XML 1.0 does not allow, such as lone surrogates. @see https://www.w3.org/TR/xml/#charsets */
function escape(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "")
    .replace(/[<>&"']/g, (character) => ENTITIES[character] ?? "");
}
