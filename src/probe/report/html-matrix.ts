import { GROUP_TITLES, GROUPS } from "../check.ts";
import type { Tried } from "../check-result.ts";
import { isBroken } from "./conclude.ts";
import { escapeMarkup } from "./escape-markup.ts";
import type { Finding } from "./report.ts";

const ACCEPTED = "accepted";
const NO_ANSWER = "no answer";

/** Renders what was tried against what answered: a row for each check, a column for each answer. Empty if nothing was noted. */
export function renderMatrix(findings: readonly Finding[]): string {
  const shown = findings.filter(({ tried = [] }) => tried.length > 0);
  if (shown.length === 0) return "";
  const columns = [...new Set(shown.flatMap(({ tried = [] }) => tried.map(columnOf)))].sort(compareColumns);
  const head = columns.map((column) => `<th scope="col">${escapeMarkup(column)}</th>`).join("");
  const bodies = GROUPS.map((group) =>
    renderGroup(
      GROUP_TITLES[group],
      shown.filter((each) => each.group === group),
      columns,
    ),
  );
  return [
    `<section aria-labelledby="tried"><h2 id="tried">What was tried</h2>`,
    `<div class="scroll" role="region" aria-labelledby="tried" tabindex="0"><table>`,
    `<caption>How often each answer came. Open a number to see to what.</caption>`,
    `<thead><tr><th scope="col">check</th>${head}</tr></thead>${bodies.join("")}</table></div></section>`,
  ].join("\n");
}

function renderGroup(title: string, findings: readonly Finding[], columns: readonly string[]): string {
  if (findings.length === 0) return "";
  const heading = `<tr><th scope="rowgroup" colspan="${String(columns.length + 1)}">${title}</th></tr>`;
  return `<tbody>${heading}${findings.map((finding) => renderRow(finding, columns)).join("")}</tbody>`;
}

function renderRow(finding: Finding, columns: readonly string[]): string {
  const { id, tried = [] } = finding;
  const cells = columns.map((column) => {
    const here = tried.filter((each) => columnOf(each) === column);
    if (here.length === 0) return "<td></td>";
    const isBad = column === ACCEPTED && isBroken(finding);
    const items = here.map(({ what }) => `<li>${escapeMarkup(what)}</li>`).join("");
    const summary = `${String(here.length)}${isBad ? " ✗" : ""}`;
    return `<td${isBad ? ' class="bad"' : ""}><details><summary>${summary}</summary><ul>${items}</ul></details></td>`;
  });
  return `<tr><th scope="row"><code>${escapeMarkup(id)}</code></th>${cells.join("")}</tr>`;
}

function columnOf({ answer }: Tried): string {
  if (answer.startsWith(ACCEPTED)) return ACCEPTED;
  return answer.startsWith(NO_ANSWER) ? NO_ANSWER : answer;
}

/** Accepted first, then the statuses in order, and no answer last. */
function compareColumns(a: string, b: string): number {
  const rank = (column: string): string => (column === ACCEPTED ? "0" : column === NO_ANSWER ? "z" : `1${column}`);
  return rank(a) < rank(b) ? -1 : 1;
}
