import { counts, isBroken } from "./conclude.ts";
import { escapeMarkup } from "./escape-markup.ts";
import type { Finding, RenderReportOptions, Report } from "./report.ts";

/**
 * Renders a report as JUnit XML: one suite for access and one for conformance, with a case for each finding. A case fails if its
 * finding makes the run fail, so conformance faults do so only in a strict run; otherwise they pass with a message, as `info` does.
 * Untestable and known findings are skipped. An inconclusive run has one more case with an error.
 */
export function junit({ url, findings, proven, hint }: Report, { strict }: RenderReportOptions): string {
  const suites = (["access", "conformance"] as const).map((about) =>
    suite(
      `${url} ${about}`,
      findings.filter((finding) => finding.about === about),
      strict,
    ),
  );
  if (!proven) suites.push(inconclusive(`${url} run`, hint ?? "the run proves nothing"));
  const errors = proven ? 0 : 1;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="mcp-keys test"${totals(findings, strict, errors)}>\n${suites.join("")}</testsuites>\n`;
}

/** A suite whose only case has the reason why the run proves nothing. */
function inconclusive(name: string, reason: string): string {
  const head = `  <testsuite name="${escapeMarkup(name)}" tests="1" failures="0" errors="1" skipped="0" time="0.000">\n`;
  const error = `<error type="inconclusive" message="${escapeMarkup(reason)}"/>`;
  return `${head}    <testcase classname="run" name="is-conclusive" time="0.000">${error}</testcase>\n  </testsuite>\n`;
}

function suite(name: string, findings: readonly Finding[], strict: boolean): string {
  const cases = findings.map((finding) => testcase(finding, strict)).join("");
  return `  <testsuite name="${escapeMarkup(name)}"${totals(findings, strict, 0)}>\n${cases}  </testsuite>\n`;
}

/** @param errors - The number of cases with an error, which are no findings. */
function totals(findings: readonly Finding[], strict: boolean, errors: number): string {
  const failures = findings.filter((finding) => counts(finding, strict)).length;
  const skipped = findings.filter(({ status, known }) => status === "untestable" || known === true).length;
  const time = seconds(findings.reduce((sum, { ms }) => sum + ms, 0));
  const tests = String(findings.length + errors);
  return ` tests="${tests}" failures="${String(failures)}" errors="${String(errors)}" skipped="${String(skipped)}" time="${time}"`;
}

function testcase(finding: Finding, strict: boolean): string {
  const { id, about, group, ms } = finding;
  const head = `    <testcase classname="${about}.${group}" name="${escapeMarkup(id)}" time="${seconds(ms)}">\n`;
  return `${head}${outcome(finding, strict)}    </testcase>\n`;
}

function outcome(finding: Finding, strict: boolean): string {
  const { status, level, observed, known } = finding;
  if (status === "untestable") return `      <skipped message="${escapeMarkup(`untestable: ${observed}`)}"/>\n`;
  if (known === true) return `      <skipped message="${escapeMarkup(`known: ${observed}`)}"/>\n`;
  const text = isBroken(finding) ? explain(finding) : `${status}: ${observed}`;
  if (!counts(finding, strict)) return `      <system-out>${escapeMarkup(text)}</system-out>\n`;
  return `      <failure type="${level}" message="${escapeMarkup(observed)}">${escapeMarkup(text)}</failure>\n`;
}

function explain({ status, expected, observed, source, fix, references }: Finding): string {
  const lines = [`${status}: ${observed}`, `expected: ${expected}`, `rule: ${source}`, `fix: ${fix}`];
  return [...lines, `see also: ${references.join(", ")}`].join("\n");
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
