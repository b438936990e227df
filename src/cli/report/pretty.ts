import { isBreach } from "../../probe/conclude.ts";
import { GRADES } from "../../probe/grade.ts";
import { GROUP_TITLES } from "../../probe/group.ts";
import type { Finding, FindingStatus, Report } from "../../probe/report.ts";
import { headline, summarize } from "../../probe/summary.ts";
import { renderFields, type Painter } from "../render.ts";
import { wrap } from "./wrap.ts";

/** How it looks: `columns` is `Infinity` where nothing is to be wrapped. */
export interface Page {
  readonly paint: Painter;
  readonly columns: number;
}

const STATUS_WIDTH = "untestable".length;
const ID_WIDTH = 30;
/** Where the text of a finding begins. */
const INDENT = 2 + STATUS_WIDTH + 2;

/** One finding as it comes, below the title of its group when that is a new one. */
export function renderLine({ paint, columns }: Page, finding: Finding, before: Finding | undefined): string {
  const { group, status, id, saw, known } = finding;
  const title =
    group === before?.group ? "" : `${before === undefined ? "" : "\n"}${paint.bold(GROUP_TITLES[group])}\n`;
  const word = paintStatus(paint, finding)(status.padEnd(STATUS_WIDTH));
  const mark = known === true ? "known: " : "";
  const isNarrow = columns < INDENT + ID_WIDTH + 30;
  const indent = isNarrow ? INDENT : INDENT + ID_WIDTH + 1;
  const text = wrap(mark + saw, columns, indent);
  return `${title}  ${word}  ${isNarrow ? `${id}\n${" ".repeat(INDENT)}` : id.padEnd(ID_WIDTH + 1)}${status === "pass" || status === "untestable" ? paint.dim(text) : text}\n`;
}

/** What it all comes to: the door first, then manners, each with its mend, and the grade. */
export function renderEnd(page: Page, report: Report, seconds: number): string {
  const { door, manners, notes } = summarize(report.findings);
  return [
    "\n",
    section(
      page,
      count(door.length, "The door: # hole", "The door: # holes", ", somebody gets in or something leaks"),
      door,
    ),
    section(page, count(manners.length, "Manners: # fault", "Manners: # faults", ", which let nobody in"), manners),
    section(page, "To know", notes),
    renderFields(page.paint, fieldsOf(page, report, seconds)),
  ].join("");
}

function fieldsOf({ paint, columns }: Page, report: Report, seconds: number): (readonly [string, string] | null)[] {
  const { result, grade, counts, sent, findings, hint, eras, server } = report;
  const word = headline(report);
  const said = result === "open" ? paint.error(word) : result === "shut" ? paint.good(word) : paint.warn(word);
  const known = findings.filter((finding) => finding.known === true).length;
  const numbers = Object.entries(counts).filter(([, number]) => number > 0);
  const width = "untestable".length;
  return [
    ["door", said],
    grade === null ? null : ["grade", `${paint.bold(grade)}  ${GRADES[grade].rule}`],
    server === undefined ? null : ["server", `${server.name} ${server.version}`.trim()],
    eras.length === 0
      ? null
      : ["protocol", eras.map(({ era, protocolVersion }) => `${era} ${protocolVersion}`).join(", ")],
    ["checks", numbers.map(([status, number]) => `${String(number)} ${status}`).join(", ")],
    known === 0 ? null : ["known", `${String(known)} of them stand in the baseline and do not count`],
    ["sent", `${String(sent.requests)} requests, ${String(sent.wrong)} without your key, in ${seconds.toFixed(1)} s`],
    hint === undefined ? null : ["hint", wrap(hint, columns, width)],
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
    ["expected", `${finding.expects} (${level.toUpperCase()})`],
    ["saw", finding.saw],
    ["rule", finding.source],
    ["mend", finding.mend],
  ] as const;
  const rest = lines.map(([name, text]) => `    ${paint.dim(name.padEnd(8))}  ${wrap(text, columns, 14)}\n`);
  return head + rest.join("");
}

function count(number: number, one: string, many: string, rest: string): string {
  return (number === 1 ? one : many).replace("#", String(number)) + rest;
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
