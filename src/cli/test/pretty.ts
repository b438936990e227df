import { count } from "../../core/count.ts";
import { GROUP_TITLES, GROUPS } from "../../probe/check.ts";
import { describeFigures } from "../../probe/report/figures.ts";
import { GRADES } from "../../probe/report/grade.ts";
import type { Finding, Report } from "../../probe/report/report.ts";
import { groupByReason, headline, summarize } from "../../probe/report/summary.ts";
import type { Painter } from "../terminal/painter.ts";
import { renderFields } from "../terminal/render.ts";
import { wrap } from "../terminal/text-width.ts";
import { renderChecks } from "./finding-lines.ts";
import { paintStatus, type Page } from "./page.ts";

/** Column of the texts of a problem. */
const TEXT_AT = 14;
/** Columns of the title of a group. */
const GROUP_WIDTH = Math.max(...Object.values(GROUP_TITLES).map((title) => title.length));

/** Renders what is wrong, each with its fix, then the groups that passed, what could not be tested, the result and the grade. */
export function renderReport(page: Page, report: Report, sent: string): string {
  const { access, conformance, notes, untestable, passed } = summarize(report.findings);
  const others = report.result === "inconclusive" ? "Other" : "Conformance";
  return [
    section(page, `Access: ${count(access.length, "problem")}`, access),
    section(page, `${others}: ${count(conformance.length, "problem")}`, conformance),
    section(page, "Notes", notes),
    ...(page.verbose
      ? [renderChecks(page, report.findings)]
      : [renderPassed(page, passed), renderUntestable(page, untestable)]),
    renderFields(page.paint, fieldsOf(page, report, sent), page.columns),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

/** Renders one line for each group. */
function renderPassed({ paint }: Page, passed: readonly Finding[]): string {
  const lines = GROUPS.flatMap((group) => {
    const number = passed.filter((finding) => finding.group === group).length;
    return number === 0
      ? []
      : [`  ${GROUP_TITLES[group].padEnd(GROUP_WIDTH)}  ${paint.good(`${String(number)} passed`)}\n`];
  });
  return lines.length === 0 ? "" : `${paint.bold("Passed")}\n\n${lines.join("")}`;
}

/** Renders one line for each reason. */
function renderUntestable({ paint, columns }: Page, findings: readonly Finding[]): string {
  const lines = groupByReason(findings).map(({ reason, ids }) => {
    const number = String(ids.length).padStart(4);
    const text = ids.length > 2 ? reason : `${reason} (${ids.join(", ")})`;
    return `${number}  ${paint.dim(indented(text, columns, 6))}\n`;
  });
  return lines.length === 0 ? "" : `${paint.bold("Untestable")}\n\n${lines.join("")}`;
}

/** Wraps a text at spaces. All lines but the first start with `indent` spaces. */
function indented(text: string, columns: number, indent: number): string {
  return wrap(text, Math.max(20, columns - indent)).join(`\n${" ".repeat(indent)}`);
}

function fieldsOf({ paint }: Page, report: Report, sent: string): (readonly [string, string] | null)[] {
  const { result, grade, counts, findings, hint, eras, server } = report;
  const word = headline(report);
  const painted =
    result === "unprotected" ? paint.error(word) : result === "protected" ? paint.good(word) : paint.warn(word);
  const known = findings.filter((finding) => finding.known === true).length;
  const revoked = describeFigures(report.figures ?? {});
  const numbers = Object.entries(counts).filter(([, number]) => number > 0);
  const protocols = eras.map(({ era, protocolVersion }) => `${era} ${protocolVersion}`);
  return [
    ["result", painted],
    grade === null ? null : ["grade", `${paint.bold(grade)}  ${GRADES[grade].rule}`],
    server === undefined ? null : ["server", `${server.name} ${server.version}`.trim()],
    protocols.length === 0 ? null : ["protocol", protocols.join(", ")],
    ["checks", numbers.map(([status, number]) => `${String(number)} ${status}`).join(", ")],
    known === 0 ? null : ["known", `${String(known)} in the baseline, not counted`],
    revoked === null ? null : ["revoked", revoked],
    ["sent", sent],
    hint === undefined ? null : ["hint", hint],
  ];
}

function section(page: Page, title: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return "";
  return `${page.paint.bold(title)}\n\n${findings.map((finding) => renderProblem(page, finding)).join("\n")}`;
}

function renderProblem({ paint, columns, verbose }: Page, finding: Finding): string {
  const { id, status, level, known, references } = finding;
  const head = `  ${paintStatus(paint, finding)(status)}  ${paint.bold(id)}${known === true ? "  (known)" : ""}\n`;
  const lines: (readonly [string, string])[] = [
    ["expected", `${finding.expected} (${level.toUpperCase()})`],
    ["observed", finding.observed],
    ["rule", finding.source],
    ["fix", finding.fix],
  ];
  if (verbose) lines.push(["see also", references.join(", ")]);
  const rest = lines.map(([name, text]) => `    ${paint.dim(name.padEnd(8))}  ${indented(text, columns, TEXT_AT)}\n`);
  return head + rest.join("") + (verbose ? renderEvidence(paint, finding) : "");
}

/** Renders the first request that shows the fault, and its answer. */
function renderEvidence(paint: Painter, { tried = [] }: Finding): string {
  const shown = tried.find(({ sent }) => sent !== undefined);
  const texts = [
    ["sent", shown?.sent],
    ["received", shown?.received],
  ] as const;
  return texts
    .map(([name, text]) =>
      text === undefined ? "" : `    ${paint.dim(name)}\n${text.replace(/^(?=.)/gm, "      ")}\n`,
    )
    .join("");
}
