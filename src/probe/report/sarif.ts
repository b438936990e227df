import { counts } from "./conclude.ts";
import { referenceUrl } from "./references.ts";
import type { Finding, FindingStatus, RenderReportOptions, Report } from "./report.ts";

const SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";
/** Levels of results that do not make the run fail. */
const LEVELS = { fail: "warning", warn: "warning", info: "note" } as const satisfies Partial<
  Record<FindingStatus, string>
>;

const ABOUT: Readonly<Record<Finding["about"], string>> = {
  access: "access: who gets in, and what leaks",
  conformance: "conformance: how the server answers",
};

/**
 * Renders a report as SARIF 2.1.0: a rule for each check and a result for each broken one. A result is an error if it makes the run
 * fail, so conformance faults are errors only in a strict run. Passed checks have no result, because
 * GitHub turns every result into an alert. Untestable checks are notifications.
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function sarif(report: Report, { version, strict }: RenderReportOptions): string {
  const { findings, url, proven, grade, result, hint } = report;
  const untestable = findings.filter(({ status }) => status === "untestable");
  const run = {
    tool: {
      driver: {
        name: "mcp-keys",
        semanticVersion: version,
        rules: findings.map(rule),
        notifications: [{ id: "untestable", shortDescription: { text: "a check that could not be tested" } }],
      },
    },
    invocations: [
      {
        executionSuccessful: proven,
        toolExecutionNotifications: untestable.map(({ id, observed }) => ({
          descriptor: { id: "untestable" },
          associatedRule: { id },
          level: "note",
          message: { text: `${id}: ${observed}` },
        })),
      },
    ],
    results: findings.flatMap((finding, index) => resultOf(finding, index, url, strict)),
    properties: { url, result, grade, ...(hint === undefined ? {} : { hint }) },
  };
  return `${JSON.stringify({ $schema: SCHEMA, version: "2.1.0", runs: [run] })}\n`;
}

function rule({ id, about, group, level, expected, source, fix, references }: Finding): object {
  return {
    id,
    shortDescription: { text: expected },
    fullDescription: { text: `${expected} (${level.toUpperCase()}, ${ABOUT[about]})` },
    help: {
      text: [`fix: ${fix}`, `rule: ${source}`, ...references.map((each) => `see also: ${referenceUrl(each)}`)].join(
        "\n",
      ),
    },
    helpUri: source,
    defaultConfiguration: { level: { must: "error", should: "warning", may: "note" }[level] },
    properties: {
      tags: ["security", about, group, ...references.map(tagOf)],
      ...(about === "access" ? { "security-severity": "9.1" } : {}),
    },
  };
}

/** Returns the tag that code scanning shows: `external/cwe/cwe-287`. */
function tagOf(reference: string): string {
  const id = reference.toLowerCase();
  const [kind = ""] = id.split("-");
  return `external/${/^(?:cwe|cve|ghsa)$/.test(kind) ? kind : "owasp-mcp"}/${id.replace(":", "-")}`;
}

function resultOf(finding: Finding, ruleIndex: number, url: string, strict: boolean): object[] {
  const { id, status, observed, expected, fix, known, tried = [] } = finding;
  const level = status === "fail" || status === "warn" || status === "info" ? LEVELS[status] : null;
  if (level === null) return [];
  const shown = tried.find(({ sent }) => sent !== undefined);
  return [
    {
      ...{ ruleId: id, ruleIndex, kind: "fail", level: counts(finding, strict) ? "error" : level },
      message: { text: `${observed}; expected: ${expected}; fix: ${fix}` },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: locationOf(url) }, region: { startLine: 1 } },
          logicalLocations: [{ fullyQualifiedName: url, kind: "resource" }],
        },
      ],
      partialFingerprints: { "mcpKeysCheck/v1": `${id} ${locationOf(url)}` },
      ...(known === true ? { baselineState: "unchanged" } : {}),
      ...(shown === undefined ? {} : { properties: { sent: shown.sent, received: shown.received } }),
    },
  ];
}

/** Returns host and path without the query, `mcp.example.com/mcp`: code scanning accepts only relative paths. */
function locationOf(url: string): string {
  const { host, pathname } = new URL(URL.canParse(url) ? url : "server:unknown");
  return `${host}${pathname}`.replace(/[^\w./%~-]/g, "_").replace(/^\/+/, "");
}
