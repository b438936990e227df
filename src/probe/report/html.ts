import { count } from "../../core/count.ts";
import { GROUP_TITLES, GROUPS } from "../check.ts";
import { isBreach, isBroken } from "./conclude.ts";
import { describeFigures } from "./figures.ts";
import { FRAMEWORKS } from "./framework.ts";
import { GRADES } from "./grade.ts";
import { escapeMarkup } from "./escape-markup.ts";
import { renderMatrix } from "./html-matrix.ts";
import { STYLE } from "./html-style.ts";
import { referenceUrl } from "./references.ts";
import type { Finding, RenderReportOptions, Report } from "./report.ts";
import { groupByReason, headline, summarize } from "./summary.ts";

/** Nothing may load or run, even if a text from the server was not escaped. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** Renders a report as one HTML page that needs no script and no other file. */
export function html(report: Report, { version }: RenderReportOptions): string {
  const { access, conformance, notes, untestable } = summarize(report.findings);
  const others = report.result === "inconclusive" ? "Other" : "Conformance";
  const title = escapeMarkup(`${headline(report)}: ${report.url}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
${renderHead(report)}
<main>
${[
  section(
    "access",
    `Access: ${count(access.length, "problem")}`,
    access.map((each) => problem(each, report)),
  ),
  section(
    "conformance",
    `${others}: ${count(conformance.length, "problem")}`,
    conformance.map((each) => problem(each, report)),
  ),
  section(
    "notes",
    "Notes",
    notes.map((each) => problem(each, report)),
  ),
  renderMatrix(report.findings),
  renderReasons(untestable),
  renderChecks(report.findings),
]
  .filter((part) => part !== "")
  .join("\n")}
</main>
<footer><p class="quiet">mcp-keys ${escapeMarkup(version)}. A grade says that these checks pass, not that the server is secure.</p></footer>
</body>
</html>
`;
}

function renderHead(report: Report): string {
  const { grade, url, hint, server, eras, sent, result, counts } = report;
  const tone = result === "unprotected" ? "bad" : result === "protected" ? "good" : "odd";
  const revoked = describeFigures(report.figures ?? {});
  const numbers = Object.entries(counts).filter(([, number]) => number > 0);
  const facts = [
    grade === null ? "" : `Grade ${grade}: ${GRADES[grade].rule}`,
    hint ?? "",
    server === undefined ? "" : `Server: ${server.name} ${server.version}`.trim(),
    eras.length === 0
      ? ""
      : `Protocol: ${eras.map(({ era, protocolVersion }) => `${era} ${protocolVersion}`).join(", ")}`,
    `Checks: ${numbers.map(([status, number]) => `${String(number)} ${status}`).join(", ")}`,
    revoked === null ? "" : `After a key was revoked: ${revoked}`,
    `Sent: ${count(sent.requests, url.startsWith("stdio:") ? "start" : "request")}, ${String(sent.wrong)} of them without your key`,
  ].filter((fact) => fact !== "");
  return `<header>
<div class="grade ${tone}" aria-hidden="true">${grade ?? "?"}</div>
<div><h1 class="${tone}">${escapeMarkup(headline(report))}</h1>
<p><code>${escapeMarkup(url)}</code></p>
${facts.map((fact) => `<p class="quiet">${escapeMarkup(fact)}</p>`).join("\n")}</div>
</header>`;
}

function section(id: string, title: string, parts: readonly string[]): string {
  if (parts.length === 0) return "";
  return `<section aria-labelledby="${id}"><h2 id="${id}">${escapeMarkup(title)}</h2>\n${parts.join("\n")}\n</section>`;
}

function problem(finding: Finding, report: Report): string {
  const { id, status, level, expected, observed, source, fix, references, known } = finding;
  const tone = isBreach(finding) || status === "fail" ? "bad" : status === "warn" ? "odd" : "";
  const rows = [
    ["expected", escapeMarkup(`${expected} (${level.toUpperCase()})`)],
    ["observed", escapeMarkup(observed)],
    ["fix", escapeMarkup(fix)],
    ["rule", link(source, source)],
    ["see also", references.map((each) => link(referenceUrl(each), each)).join(", ")],
  ] as const;
  const list = rows.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join("\n");
  return `<article class="${tone}">
<h3><span class="${tone}">${status}</span> <code>${escapeMarkup(id)}</code>${known === true ? " (known)" : ""}</h3>
<dl>${list}</dl>${renderEvidence(finding)}${isBreach(finding) ? renderCode(finding, report) : ""}
</article>`;
}

/** Renders the requests that show the fault, the first one open. */
function renderEvidence({ tried = [] }: Finding): string {
  return tried
    .filter(({ sent }) => sent !== undefined)
    .map(
      ({ what, sent = "", received = "" }, i) =>
        `\n<details${i === 0 ? " open" : ""}><summary>Request and answer: ${escapeMarkup(what)}</summary>\n<pre>${escapeMarkup(sent)}</pre>\n<pre>${escapeMarkup(received)}</pre></details>`,
    )
    .join("");
}

/** Renders code that requires a key, for faults of servers that miss it. */
function renderCode({ group }: Finding, { framework }: Report): string {
  if (group !== "rejection" && group !== "session") return "";
  const { name, code } = FRAMEWORKS[framework ?? "node"];
  const seems = framework === undefined ? "with the guard of mcp-keys" : "which this server seems to use";
  return `\n<details><summary>Fix in ${name}, ${seems}</summary>\n<pre>${escapeMarkup(code)}</pre></details>`;
}

function renderReasons(untestable: readonly Finding[]): string {
  const items = groupByReason(untestable).map(
    ({ reason, ids }) =>
      `<li>${escapeMarkup(reason)}: ${ids.map((id) => `<code>${escapeMarkup(id)}</code>`).join(", ")}</li>`,
  );
  if (items.length === 0) return "";
  return section("untestable", "Untestable", [`<ul>${items.join("\n")}</ul>`]);
}

function renderChecks(findings: readonly Finding[]): string {
  const bodies = GROUPS.map((group) => {
    const rows = findings.filter((finding) => finding.group === group).map(renderCheck);
    if (rows.length === 0) return "";
    return `<tbody><tr><th scope="rowgroup" colspan="3">${GROUP_TITLES[group]}</th></tr>${rows.join("")}</tbody>`;
  });
  const head = ["check", "status", "observed"].map((name) => `<th scope="col">${name}</th>`).join("");
  const table = `<table><thead><tr>${head}</tr></thead>${bodies.join("")}</table>`;
  return section("checks", "All checks", [
    `<div class="scroll" role="region" aria-labelledby="checks" tabindex="0">${table}</div>`,
  ]);
}

function renderCheck(finding: Finding): string {
  const { id, status, observed } = finding;
  const tone = isBroken(finding) ? "bad" : status === "pass" ? "good" : "";
  return `<tr><th scope="row"><code>${escapeMarkup(id)}</code></th><td class="${tone}">${status}</td><td>${escapeMarkup(observed)}</td></tr>`;
}

function link(url: string, text: string): string {
  return `<a href="${escapeMarkup(url)}" rel="noreferrer">${escapeMarkup(text)}</a>`;
}
