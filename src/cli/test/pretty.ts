import { count } from "../../core/count.ts";
import { isBreach } from "../../probe/report/conclude.ts";
import { GRADES } from "../../probe/report/grade.ts";
import { GROUP_TITLES } from "../../probe/check.ts";
import type { Finding, FindingStatus, Report } from "../../probe/report/report.ts";
import { headline, summarize } from "../../probe/report/summary.ts";
import { renderFields, type Painter } from "../terminal/render.ts";
import { wrap } from "./wrap.ts";

/** How it looks: `columns` is `Infinity` where nothing is to be wrapped. */
export interface Page {
  readonly paint: Painter;
  readonly columns: number;
}

const STATUS_WIDTH = "untestable".length;
const ID_WIDTH = 30;
/** Where the id of a finding begins, and where its text does, beside it or, on a narrow page, below. */
const ID_AT = 2 + STATUS_WIDTH + 2;
const TEXT_AT = ID_AT + ID_WIDTH + 1;
/** What a check saw that passed is cut there, so that it stays one line. */
const LINE = 160;

/**
 * Findings as they come, those in a row that are untestable for one reason in two lines: where nothing answers, all are.
 * @returns what is to be written now; `null` stands for the end
 */
export function createLines(page: Page): (finding: Finding | null) => string {
  let last: Finding | undefined;
  let held: Finding[] = [];
  const line = (finding: Finding): string => {
    const text = renderLine(page, finding, last);
    last = finding;
    return text;
  };
  const release = (): string => {
    const [first, ...more] = held;
    held = [];
    if (first === undefined) return "";
    if (more.length === 0) return line(first);
    return renderMore(page, more.length + 1);
  };
  return (finding) => {
    if (finding !== null && isSame(last, finding)) {
      held.push(finding);
      return "";
    }
    return release() + (finding === null ? "" : line(finding));
  };
}

function isSame(last: Finding | undefined, { status, observed }: Finding): boolean {
  return status === "untestable" && last?.status === status && last.observed === observed;
}

function renderMore({ paint }: Page, number: number): string {
  return `  ${paint.dim("untestable".padEnd(STATUS_WIDTH))}  ${paint.dim(`${String(number)} more, for the same reason`)}\n`;
}

/** One finding, below the title of its group when that is a new one. */
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

/** What it all comes to: the door first, then manners, each with its mend, and the grade. */
export function renderEnd(page: Page, report: Report, sent: string): string {
  const { access, conformance, notes } = summarize(report.findings);
  const others = report.result === "inconclusive" ? "Not as it should be" : "Conformance";
  return [
    "\n",
    section(page, `Access: ${count(access.length, "hole")}`, access),
    section(page, `${others}: ${count(conformance.length, "fault")}`, conformance),
    section(page, "To know", notes),
    renderFields(page.paint, fieldsOf(page, report, sent)),
  ].join("");
}

function clip(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}

function fieldsOf({ paint, columns }: Page, report: Report, sent: string): (readonly [string, string] | null)[] {
  const { result, grade, counts, findings, hint, eras, server } = report;
  const word = headline(report);
  const said =
    result === "unprotected" ? paint.error(word) : result === "protected" ? paint.good(word) : paint.warn(word);
  const known = findings.filter((finding) => finding.known === true).length;
  const numbers = Object.entries(counts).filter(([, number]) => number > 0);
  const spoken = eras.map(({ era, protocolVersion }) => `${era} ${protocolVersion}`);
  return [
    ["door", said],
    grade === null ? null : ["grade", `${paint.bold(grade)}  ${GRADES[grade].rule}`],
    server === undefined ? null : ["server", `${server.name} ${server.version}`.trim()],
    spoken.length === 0 ? null : ["protocol", spoken.join(", ")],
    ["checks", numbers.map(([status, number]) => `${String(number)} ${status}`).join(", ")],
    known === 0 ? null : ["known", `${String(known)} of them stand in the baseline and do not count`],
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
