import { GROUP_TITLES } from "../../probe/check.ts";
import type { Finding } from "../../probe/report/report.ts";
import { wrap } from "../terminal/text-width.ts";
import { paintStatus, type Page } from "./page.ts";

const STATUS_WIDTH = "untestable".length;
const ID_WIDTH = 33;
/** Columns of the id and of the text of a finding. On a narrow page the text is below the id. */
const ID_AT = 2 + STATUS_WIDTH + 2;
const TEXT_AT = ID_AT + ID_WIDTH + 1;
/** Text of a passed check is cut here to stay on one line. */
const LINE = 160;

/** Renders every check, by group. */
export function renderChecks(page: Page, findings: readonly Finding[]): string {
  const lines = createLines(page);
  return [...findings, null].map(lines).join("");
}

/**
 * Returns a function that renders findings one by one; `null` marks the end. A row of findings that are untestable for the same
 * reason takes two lines. When the server does not answer, these are all findings.
 */
function createLines(page: Page): (finding: Finding | null) => string {
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
  const text =
    status === "pass"
      ? clip(observed, Math.min(columns, LINE) - at)
      : wrap(observed, Math.max(20, columns - at)).join(`\n${" ".repeat(at)}`);
  const shown = status === "pass" || status === "untestable" ? paint.dim(text) : text;
  return `${title}  ${word}  ${isNarrow ? `${id}\n${" ".repeat(ID_AT)}` : `${id.padEnd(ID_WIDTH)} `}${shown}\n`;
}

function clip(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
