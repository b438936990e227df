import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { junit } from "../../../src/probe/report/junit.ts";
import { RUNS } from "../../arbitraries.ts";
import { finding, FINDINGS, HOSTILE, REPORT } from "./reports.ts";

/** What an XML parser that is not ours reads: each case with the elements in it, as tag, message and text. */
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

const HAS_PYTHON = spawnSync("python3", ["--version"]).status === 0;

function parse(xml: string): Suite[] {
  const { stdout, stderr, status } = spawnSync("python3", ["-c", PROGRAM], { input: xml, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Suite[];
}

test("a parser reads a case for each finding, the door and manners apart", ({ skip }) => {
  if (!HAS_PYTHON) return skip("needs python3");
  const [door, manners] = parse(junit(REPORT));
  expect(door).toMatchObject({ name: `${REPORT.url} door`, tests: "3", failures: "1", errors: "0", skipped: "1" });
  expect(manners).toMatchObject({ name: `${REPORT.url} manners`, tests: "4", failures: "2", skipped: "1" });
  expect(door?.time).toBe("4.500");
  const cases = [...door!.cases, ...manners!.cases];
  expect(cases.map(({ name }) => name).sort()).toEqual(FINDINGS.map(({ id }) => id).sort());
  const inside = Object.fromEntries(cases.map((each) => [each.name, each.inside]));
  expect(inside["accepted"]).toMatchObject([
    ["failure", `let in with ${HOSTILE}`, expect.stringContaining("mend: put")],
  ]);
  expect(inside["rude"]).toMatchObject([["failure", "403", expect.stringContaining("expected: a & b < c")]]);
  expect(inside["odd"]).toMatchObject([["failure", "no challenge", expect.anything()]]);
  // Neither is green.
  expect(inside["no-tls"]).toEqual([["skipped", `untestable: ${HOSTILE}`, ""]]);
  expect(inside["known-hole"]).toEqual([["skipped", "known: let in as before", ""]]);
  expect(inside["could-be"]).toEqual([["system-out", "", "info: any Host"]]);
  expect(inside["shut"]).toEqual([["system-out", "", "pass: 401 to no key"]]);
});

test("whatever a server sends, it is one text to a parser", ({ skip }) => {
  if (!HAS_PYTHON) return skip("needs python3");
  const nasty = fc.string({
    unit: fc.constantFrom("<", ">", "&", '"', "'", "]]>", "\0", "\u0008", "\ud800", "\ufffe", "é", "\u{1f600}"),
  });
  const texts = fc.sample(fc.oneof(fc.string({ unit: "binary" }), nasty), RUNS.some);
  const findings = texts.map((observed, i) => finding({ id: `check-${String(i)}`, status: "fail", observed }));
  const [door] = parse(junit({ ...REPORT, findings }));
  expect(door?.cases).toHaveLength(texts.length);
  for (const each of door?.cases ?? []) expect(each.inside.map(([tag]) => tag)).toEqual(["failure"]);
});
