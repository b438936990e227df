import { isBroken } from "./conclude.ts";
import { GRADES } from "./grade.ts";
import type { Finding, Report } from "./report.ts";
import { headline, summarize } from "./summary.ts";

/** For the summary of a job, or a pull request. */
export function markdown(report: Report): string {
  const { findings, grade, hint, url } = report;
  const { access, conformance, notes, untestable, passed } = summarize(findings);
  const grading = grade === null ? "" : `Grade **${grade}**: ${GRADES[grade].rule}. `;
  return [
    `## MCP access: ${text(headline(report))}\n`,
    `${code(url)}\n`,
    `${grading}${String(passed.length)} of ${String(findings.length)} checks passed.${hint === undefined ? "" : ` ${text(hint)}.`}\n`,
    section("Access: who gets in, and what leaks", access),
    section("Conformance: how the server answers", conformance),
    section("To know", notes),
    list("Not testable", untestable),
    list("Passed", passed),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function section(title: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return "";
  const rows = findings.map((finding) => {
    const { id, status, level, observed, expected, fix, source } = finding;
    const cacheKey = finding.known === true ? " (known)" : "";
    return `| ${isBroken(finding) ? `**${status}**` : status}${cacheKey} | [${code(id)}](${link(source)}) | ${text(observed)} | ${text(expected)} (${level.toUpperCase()}) | ${text(fix)} |`;
  });
  return `### ${title}\n\n| status | check | saw | expected | mend |\n| --- | --- | --- | --- | --- |\n${rows.join("\n")}\n`;
}

function list(title: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return "";
  const items = findings.map(({ id, observed }) => `- ${code(id)}: ${text(observed)}`);
  return `<details><summary>${title}: ${String(findings.length)}</summary>\n\n${items.join("\n")}\n\n</details>\n`;
}

/** Nothing of it is read as Markdown or HTML, nor as a mention or a link. */
function text(words: string): string {
  return words
    .replace(/\s+/g, " ")
    .replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[character] ?? "")
    .replace(/[\\`*_{}[\]()#+\-!|~@:]/g, "\\$&")
    .replace(/www\./gi, (www) => www.replace(".", "\\."));
}

/** A code span, also in a table. */
function code(words: string): string {
  return `\`${words.replace(/\s+/g, " ").replaceAll("`", "'").replaceAll("|", "%7C")}\``;
}

function link(address: string): string {
  return address
    .replace(/[()<>\s|]/g, encodeURIComponent)
    .replaceAll("(", "%28")
    .replaceAll(")", "%29");
}
