import { isBroken } from "./conclude.ts";
import { GRADES } from "./grade.ts";
import type { Finding, Report } from "./report.ts";
import { headline, summarize } from "./summary.ts";

/** Renders a report as Markdown, for a job summary or a pull request comment. */
export function markdown(report: Report): string {
  const { findings, grade, hint, url } = report;
  const { access, conformance, notes, untestable, passed } = summarize(findings);
  const grading = grade === null ? "" : `Grade **${grade}**: ${GRADES[grade].rule}. `;
  return [
    `## MCP server: ${text(headline(report))}\n`,
    `${code(url)}\n`,
    `${grading}${String(passed.length)} of ${String(findings.length)} checks passed.${hint === undefined ? "" : ` ${text(hint)}.`}\n`,
    section("Access: who gets in, and what leaks", access),
    section("Conformance: how the server answers", conformance),
    section("Notes", notes),
    list("Untestable", untestable),
    list("Passed", passed),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function section(title: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return "";
  const rows = findings.map((finding) => {
    const { id, status, level, observed, expected, fix, source } = finding;
    const known = finding.known === true ? " (known)" : "";
    return `| ${isBroken(finding) ? `**${status}**` : status}${known} | [${code(id)}](${link(source)}) | ${text(observed)} | ${text(expected)} (${level.toUpperCase()}) | ${text(fix)} |`;
  });
  return `### ${title}\n\n| status | check | observed | expected | fix |\n| --- | --- | --- | --- | --- |\n${rows.join("\n")}\n`;
}

function list(title: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return "";
  const items = findings.map(({ id, observed }) => `- ${code(id)}: ${text(observed)}`);
  return `<details><summary>${title}: ${String(findings.length)}</summary>\n\n${items.join("\n")}\n\n</details>\n`;
}

/** Escapes Markdown, HTML, mentions and links. */
function text(words: string): string {
  return words
    .replace(/\s+/g, " ")
    .replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[character] ?? "")
    .replace(/[\\`*_{}[\]()#+\-!|~@:]/g, "\\$&")
    .replace(/www\./gi, (www) => www.replace(".", "\\."));
}

/** Renders a code span that is safe in a table cell. */
function code(words: string): string {
  return `\`${words.replace(/\s+/g, " ").replaceAll("`", "'").replaceAll("|", "%7C")}\``;
}

function link(address: string): string {
  return address
    .replace(/[()<>\s|]/g, encodeURIComponent)
    .replaceAll("(", "%28")
    .replaceAll(")", "%29");
}
