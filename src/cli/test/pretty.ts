import { count } from "../../core/count.ts";
import { isBreach } from "../../probe/report/conclude.ts";
import { describeFigures } from "../../probe/report/figures.ts";
import { GRADES } from "../../probe/report/grade.ts";
import { GROUP_TITLES } from "../../probe/check.ts";
import type { Finding, FindingStatus, Report } from "../../probe/report/report.ts";
import { headline, summarize } from "../../probe/report/summary.ts";
import type { Painter } from "../terminal/painter.ts";
import { renderFields } from "../terminal/render.ts";

/** Colours and width of the report; `columns` is `Infinity` to wrap nothing. */
export interface Page {
  readonly paint: Painter;
  readonly columns: number;
}

const STATUS_WIDTH = "untestable".length;
const ID_WIDTH = 33;
/** Columns of the id and of the text of a finding. On a narrow page the text is below the id. */
const ID_AT = 2 + STATUS_WIDTH + 2;
const TEXT_AT = ID_AT + ID_WIDTH + 1;
/** Text of a passed check is cut here to stay on one line. */
const LINE = 160;

/**
 * Returns a function that renders findings one by one; `null` marks the end. A row of findings that are untestable for the same
 * reason takes two lines. When the server does not answer, these are all findings.
 */
export function createLines(page: Page): (finding: Finding | null) => string {
  let last: Finding | undefined;
  let repeated: Finding[] = [];
  const line = (finding: Finding): string => {
    const text = renderLine(page, finding, last);
    last = finding;
    return text;
  };
  const flush = (): string => {
    const [first, ...more] = repeated;
    repeated = [];
    if (first === undefined) return "";
    if (more.length === 0) return line(first);
    return renderMore(page, more.length + 1);
  };
  return (finding) => {
    if (finding !== null && isSame(last, finding)) {
      repeated.push(finding);
      return "";
    }
    return flush() + (finding === null ? "" : line(finding));
  };
}

function isSame(last: Finding | undefined, { status, observed }: Finding): boolean {
  return status === "untestable" && last?.status === status && last.observed === observed;
}

function renderMore({ paint }: Page, number: number): string {
  return `  ${paint.dim("untestable".padEnd(STATUS_WIDTH))}  ${paint.dim(`${String(number)} more, for the same reason`)}\n`;
}

/** Renders a finding, with the title of its group if that changes. */
function renderLine({ paint, columns }: Page, finding: Finding, before: Finding | undefined): string {
  const { group, status, id, known } = finding;
  const gap = before === undefined ? "" : "\n";
  const title = group === before?.group ? "" : `${gap}${paint.bold(GROUP_TITLES[group])}\n`;
  const word = paintStatus(paint, finding)(status.padEnd(STATUS_WIDTH));
  const isNarrow = columns < TEXT_AT + 30;
  const at = isNarrow ? ID_AT : TEXT_AT;
  const observed = known === true ? `known: ${finding.observed}` : finding.observed;
  const text = status === "pass" ? clip(observed, Math.min(columns, LINE) - at) : wrap(observed, columns, at);
  const shown = status === "pass" || status === "untestable" ? paint.dim(text) : text;
  return `${title}  ${word}  ${isNarrow ? `${id}\n${" ".repeat(ID_AT)}` : `${id.padEnd(ID_WIDTH)} `}${shown}\n`;
}

/** Renders the summary: access faults first, then conformance, each with its fix, then the grade. */
export function renderEnd(page: Page, report: Report, sent: string): string {
  const { access, conformance, notes } = summarize(report.findings);
  const others = report.result === "inconclusive" ? "Other" : "Conformance";
  return [
    "\n",
    section(page, `Access: ${count(access.length, "problem")}`, access),
    section(page, `${others}: ${count(conformance.length, "problem")}`, conformance),
    section(page, "Notes", notes),
    renderFields(page.paint, fieldsOf(page, report, sent)),
  ].join("");
}

/** Wraps text at spaces to `width` columns; all lines but the first start with `indent` spaces. */
function wrap(text: string, width: number, indent: number): string {
  const room = width - indent;
  if (room < 20) return text;
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines[lines.length - 1] ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= room) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}

function clip(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}

function fieldsOf({ paint, columns }: Page, report: Report, sent: string): (readonly [string, string] | null)[] {
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
    hint === undefined ? null : ["hint", wrap(hint, columns, "protocol  ".length)],
  ];
}

function section(page: Page, title: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return "";
  return `${page.paint.bold(title)}\n\n${findings.map((finding) => detail(page, finding)).join("\n")}\n`;
}

function detail({ paint, columns }: Page, finding: Finding): string {
  const { id, status, level, known } = finding;
  const head = `  ${paintStatus(paint, finding)(status)}  ${paint.bold(id)}${known === true ? "  (known)" : ""}\n`;
  const lines = [
    ["expected", `${finding.expected} (${level.toUpperCase()})`],
    ["observed", finding.observed],
    ["rule", finding.source],
    ["fix", finding.fix],
  ] as const;
  const rest = lines.map(([name, text]) => `    ${paint.dim(name.padEnd(8))}  ${wrap(text, columns, 14)}\n`);
  return head + rest.join("");
}

function paintStatus(paint: Painter, finding: Finding): (text: string) => string {
  if (finding.known === true) return (text) => paint.dim(text);
  if (isBreach(finding)) return (text) => paint.error(text);
  const painted: Readonly<Record<FindingStatus, (text: string) => string>> = {
    pass: (text) => paint.good(text),
    fail: (text) => paint.error(text),
    warn: (text) => paint.warn(text),
    info: (text) => text,
    untestable: (text) => paint.dim(text),
  };
  return painted[finding.status];
}
