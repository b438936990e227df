import { isBreach } from "./conclude.ts";
import type { Finding, FindingStatus, RenderReportOptions, Report } from "./report.ts";

const SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";
const LEVELS = { fail: "error", warn: "warning", info: "note" } as const satisfies Partial<
  Record<FindingStatus, string>
>;

const ABOUT: Readonly<Record<Finding["about"], string>> = {
  access: "access: who gets in, and what leaks",
  conformance: "conformance: how the server answers",
};

/**
 * Renders a report as SARIF 2.1.0: a rule for each check and a result for each broken one. Passed checks have no result, because
 * GitHub turns every result into an alert. Untestable checks are notifications.
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function sarif(report: Report, { version }: RenderReportOptions): string {
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
    results: findings.flatMap((finding, index) => resultOf(finding, index, url)),
    properties: { url, result, grade, ...(hint === undefined ? {} : { hint }) },
  };
  return `${JSON.stringify({ $schema: SCHEMA, version: "2.1.0", runs: [run] })}\n`;
}

function rule({ id, about, group, level, expected, source, fix }: Finding): object {
  return {
    id,
    shortDescription: { text: expected },
    fullDescription: { text: `${expected} (${level.toUpperCase()}, ${ABOUT[about]})` },
    help: { text: `fix: ${fix}\nrule: ${source}` },
    helpUri: source,
    defaultConfiguration: { level: { must: "error", should: "warning", may: "note" }[level] },
    properties: { tags: ["security", about, group], ...(about === "access" ? { "security-severity": "9.1" } : {}) },
  };
}

function resultOf(finding: Finding, ruleIndex: number, url: string): object[] {
  const { id, status, observed, expected, fix, known } = finding;
  const level = status === "fail" || status === "warn" || status === "info" ? LEVELS[status] : null;
  if (level === null) return [];
  return [
    {
      ...{ ruleId: id, ruleIndex, kind: "fail", level: isBreach(finding) ? "error" : level },
      message: { text: `${observed}; expected: ${expected}; fix: ${fix}` },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: locationOf(url) }, region: { startLine: 1 } },
          logicalLocations: [{ fullyQualifiedName: url, kind: "resource" }],
        },
      ],
      partialFingerprints: { "mcpKeysCheck/v1": `${id} ${locationOf(url)}` },
      ...(known === true ? { baselineState: "unchanged" } : {}),
    },
  ];
}

/** Returns host and path without the query, `mcp.example.com/mcp`: code scanning accepts only relative paths. */
function locationOf(url: string): string {
  const { host, pathname } = new URL(URL.canParse(url) ? url : "server:unknown");
  return `${host}${pathname}`.replace(/[^\w./%~-]/g, "_").replace(/^\/+/, "");
}
