import { isBreach } from "./conclude.ts";
import type { Finding, FindingStatus, Report } from "./report.ts";
import type { Made } from "./index.ts";

const SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";
const LEVELS = { fail: "error", warn: "warning", info: "note" } as const satisfies Partial<
  Record<FindingStatus, string>
>;

/**
 * SARIF 2.1.0: every check a rule, and what does not hold a result. A check that passed is no result, since GitHub makes an alert
 * of each, whatever its kind; what is untestable is a notification.
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function sarif(report: Report, { version }: Made): string {
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
    fullDescription: { text: `${expected} (${level.toUpperCase()}, about ${aboutText(about)})` },
    help: { text: `mend: ${fix}\nrule: ${source}` },
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
      message: { text: `${observed}; expected: ${expected}; mend: ${fix}` },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: placeOf(url) }, region: { startLine: 1 } },
          logicalLocations: [{ fullyQualifiedName: url, kind: "resource" }],
        },
      ],
      partialFingerprints: { "mcpKeysCheck/v1": `${id} ${placeOf(url)}` },
      ...(known === true ? { baselineState: "unchanged" } : {}),
    },
  ];
}

/** Code scanning takes nothing but relative paths: `mcp.example.com/mcp`, without the query. */
function placeOf(url: string): string {
  const { host, pathname } = new URL(URL.canParse(url) ? url : "server:unknown");
  return `${host}${pathname}`.replace(/[^\w./%~-]/g, "_").replace(/^\/+/, "");
}

function aboutText(about: Finding["about"]): string {
  return about === "access" ? "the access: who gets in, and what leaks" : "manners: how the server says no";
}
