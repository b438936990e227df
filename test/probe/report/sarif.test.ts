import { expect, test } from "vitest";
import { sarif } from "../../../src/probe/report/sarif.ts";
import { FINDINGS, HOSTILE, REPORT } from "./reports.ts";

interface Log {
  readonly $schema: string;
  readonly version: string;
  readonly runs: readonly [Run];
}

interface Run {
  readonly tool: { readonly driver: { readonly name: string; readonly rules: readonly Rule[] } };
  readonly invocations: readonly [{ executionSuccessful: boolean; toolExecutionNotifications: readonly Note[] }];
  readonly results: readonly Result[];
}

interface Rule {
  readonly id: string;
  readonly helpUri: string;
  readonly shortDescription: { readonly text: string };
  readonly defaultConfiguration: { readonly level: string };
  readonly properties: { readonly tags: readonly string[] };
}

interface Note {
  readonly associatedRule: { readonly id: string };
  readonly level: string;
  readonly message: { readonly text: string };
}

interface Result {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: string;
  readonly kind: string;
  readonly message: { readonly text: string };
  readonly baselineState?: string;
  readonly locations: readonly [
    { readonly physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } } },
  ];
  readonly partialFingerprints: Readonly<Record<string, string>>;
}

function parse(text: string): Run {
  expect(text.endsWith("\n")).toBe(true);
  const log = JSON.parse(text) as Log;
  expect(log.version).toBe("2.1.0");
  expect(log.$schema).toContain("sarif-2.1.0");
  expect(log.runs).toHaveLength(1);
  return log.runs[0];
}

const OPTIONS = { version: "1.2.3", strict: false };

test("has a rule for each check and a result for each broken one", () => {
  const { tool, results } = parse(sarif(REPORT, OPTIONS));
  expect(tool.driver).toMatchObject({ name: "mcp-keys", semanticVersion: "1.2.3" });
  expect(tool.driver.rules.map(({ id }) => id)).toEqual(FINDINGS.map(({ id }) => id));
  for (const { helpUri, shortDescription } of tool.driver.rules) {
    expect(new URL(helpUri).protocol).toBe("https:");
    expect(shortDescription.text).not.toBe("");
  }
  expect(results.map(({ ruleId, level, kind }) => [ruleId, level, kind])).toEqual([
    ["hole", "error", "fail"],
    ["fault", "warning", "fail"],
    ["warning", "warning", "fail"],
    ["known-hole", "warning", "fail"],
    ["note", "note", "fail"],
  ]);
  for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
  expect(results[0]?.message.text).toContain(HOSTILE);
  const unchanged = results.filter(({ baselineState }) => baselineState === "unchanged").map(({ ruleId }) => ruleId);
  expect(unchanged).toEqual(["known-hole"]);
});

test("locates results at a stable relative path without the query", () => {
  const { results } = parse(sarif(REPORT, OPTIONS));
  for (const { locations, partialFingerprints, ruleId } of results) {
    const { artifactLocation, region } = locations[0].physicalLocation;
    expect(artifactLocation.uri).toBe("mcp.example.com_8443/a/mcp");
    expect(region.startLine).toBe(1);
    expect(Object.values(partialFingerprints)).toEqual([`${ruleId} mcp.example.com_8443/a/mcp`]);
  }
  const [result] = parse(sarif({ ...REPORT, url: "stdio:node server.js" }, OPTIONS)).results;
  expect(result?.locations[0].physicalLocation.artifactLocation.uri).toMatch(/^[\w./%-]+$/);
});

test("reports untestable checks as notifications", () => {
  const { invocations, results } = parse(sarif(REPORT, OPTIONS));
  const [{ executionSuccessful, toolExecutionNotifications }] = invocations;
  expect(executionSuccessful).toBe(true);
  expect(toolExecutionNotifications).toMatchObject([
    { associatedRule: { id: "no-tls" }, level: "note", message: { text: `no-tls: ${HOSTILE}` } },
  ]);
  expect(results.some(({ ruleId }) => ruleId === "no-tls" || ruleId === "requires-key")).toBe(false);
  expect(parse(sarif({ ...REPORT, proven: false }, OPTIONS)).invocations[0].executionSuccessful).toBe(false);
});

test("tags rules with weaknesses, risks and advisories", () => {
  const { tool } = parse(sarif(REPORT, OPTIONS));
  expect(tool.driver.rules[0]?.properties.tags).toEqual([
    ...["security", "access", "rejection"],
    ...["external/owasp-mcp/mcp07-2025", "external/cwe/cwe-287", "external/cve/cve-2026-82456"],
  ]);
});

test("a result has the request that shows the fault", () => {
  const tried = [
    { what: "a bogus key", answer: "401" },
    { what: "no key", answer: "accepted (200)", sent: "POST /mcp", received: "HTTP/1.1 200" },
  ];
  const findings = [{ ...FINDINGS[0]!, tried }];
  const [result] = parse(sarif({ ...REPORT, findings }, OPTIONS)).results;
  expect(result).toMatchObject({ properties: { sent: "POST /mcp", received: "HTTP/1.1 200" } });
});
