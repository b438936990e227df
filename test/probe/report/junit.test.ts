import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { junit } from "../../../src/probe/report/junit.ts";
import { conclude, exitOf } from "../../../src/probe/report/conclude.ts";
import { STATUSES, type Report } from "../../../src/probe/report/report.ts";
import { sarif } from "../../../src/probe/report/sarif.ts";
import { RUNS } from "../../arbitraries.ts";
import { finding, FINDINGS, HOSTILE, REPORT } from "./reports.ts";

/** A suite as Python's XML parser reads it. Each case lists its child elements as tag, message and text. */
type Suite = Readonly<Record<"name" | "tests" | "failures" | "errors" | "skipped" | "time", string>> & {
  readonly cases: readonly { readonly name: string; readonly inside: readonly (readonly [string, string, string])[] }[];
};

const PROGRAM = `
import json, sys
import xml.etree.ElementTree as et
root = et.fromstring(sys.stdin.buffer.read())
assert root.tag == "testsuites"
print(json.dumps([{**suite.attrib, "cases": [
  {"name": case.attrib["name"], "inside": [[e.tag, e.attrib.get("message", ""), e.text or ""] for e in case]}
  for case in suite]} for suite in root]))
`;

const RELAXED = { version: "1.2.3", strict: false };
const STRICT = { version: "1.2.3", strict: true };
const HAS_PYTHON = spawnSync("python3", ["--version"]).status === 0;

function parse(xml: string): Suite[] {
  const { stdout, stderr, status } = spawnSync("python3", ["-c", PROGRAM], { input: xml, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Suite[];
}

test("writes a case for each finding, with a suite for access and one for conformance", ({ skip }) => {
  if (!HAS_PYTHON) return skip("needs python3");
  const [access, conformance] = parse(junit(REPORT, RELAXED));
  expect(access).toMatchObject({ name: `${REPORT.url} access`, tests: "3", failures: "1", errors: "0", skipped: "1" });
  expect(conformance).toMatchObject({ name: `${REPORT.url} conformance`, tests: "4", failures: "0", skipped: "1" });
  expect(access?.time).toBe("4.500");
  const cases = [...access!.cases, ...conformance!.cases];
  expect(cases.map(({ name }) => name).sort()).toEqual(FINDINGS.map(({ id }) => id).sort());
  const inside = Object.fromEntries(cases.map((each) => [each.name, each.inside]));
  expect(inside["hole"]).toMatchObject([["failure", `accepted with ${HOSTILE}`, expect.stringContaining("fix: put")]]);
  expect(inside["fault"]).toMatchObject([["system-out", "", expect.stringContaining("expected: a & b < c")]]);
  expect(inside["warning"]).toMatchObject([["system-out", "", expect.stringContaining("warn: no challenge")]]);
  // Neither counts as passed.
  expect(inside["no-tls"]).toEqual([["skipped", `untestable: ${HOSTILE}`, ""]]);
  expect(inside["known-hole"]).toEqual([["skipped", "known: accepted as before", ""]]);
  expect(inside["note"]).toEqual([["system-out", "", "info: any Host"]]);
  expect(inside["requires-key"]).toEqual([["system-out", "", "pass: 401 to no key"]]);
});

test("fails the cases of conformance faults in a strict run", ({ skip }) => {
  if (!HAS_PYTHON) return skip("needs python3");
  const [, conformance] = parse(junit(REPORT, STRICT));
  expect(conformance).toMatchObject({ failures: "2" });
  const failed = conformance!.cases.filter(({ inside }) => inside[0]?.[0] === "failure").map(({ name }) => name);
  expect(failed).toEqual(["fault", "warning"]);
});

const anyFinding = fc
  .record({
    about: fc.constantFrom("access" as const, "conformance" as const),
    status: fc.constantFrom(...STATUSES),
    known: fc.constantFrom(true as const, undefined),
  })
  .map(({ known, ...more }) => finding({ ...more, ...(known === true && { known }) }));

test("has a failure or an error exactly if the run fails, and so has SARIF", () => {
  fc.assert(
    fc.property(fc.array(anyFinding), fc.boolean(), fc.boolean(), (findings, strict, proven) => {
      const conclusion = conclude({ findings, inconclusive: proven ? null : "limited", whole: true, strict });
      const report: Report = { ...REPORT, ...conclusion };
      const options = { version: "1.2.3", strict };
      const text = junit(report, options);
      const failures = text.split("<failure ").length - 1;
      const errors = text.split("<error ").length - 1;
      expect(text).toContain(
        `<testsuites name="mcp-keys test" tests="${String(findings.length + errors)}" failures="${String(failures)}"`,
      );
      const status = exitOf(conclusion);
      expect(status === 0).toBe(failures + errors === 0);
      if (status === 8) expect(failures).toBeGreaterThan(0);
      if (status === 7) expect(errors).toBe(1);
      const { results, invocations } = (JSON.parse(sarif(report, options)) as SarifLog).runs[0];
      expect(results.filter(({ level }) => level === "error")).toHaveLength(failures);
      expect(invocations[0].executionSuccessful).toBe(errors === 0);
    }),
    { numRuns: RUNS.some },
  );
});

/** What the property above reads of SARIF. */
interface SarifLog {
  readonly runs: readonly [
    {
      readonly results: readonly { level: string }[];
      readonly invocations: readonly [{ executionSuccessful: boolean }];
    },
  ];
}

test("escapes any text that a server sends", ({ skip }) => {
  if (!HAS_PYTHON) return skip("needs python3");
  const nasty = fc.string({
    unit: fc.constantFrom("<", ">", "&", '"', "'", "]]>", "\0", "\u0008", "\ud800", "\ufffe", "é", "\u{1f600}"),
  });
  const texts = fc.sample(fc.oneof(fc.string({ unit: "binary" }), nasty), RUNS.some);
  const findings = texts.map((observed, i) => finding({ id: `check-${String(i)}`, status: "fail", observed }));
  const [access] = parse(junit({ ...REPORT, findings }, RELAXED));
  expect(access?.cases).toHaveLength(texts.length);
  for (const each of access?.cases ?? []) expect(each.inside.map(([tag]) => tag)).toEqual(["failure"]);
});
