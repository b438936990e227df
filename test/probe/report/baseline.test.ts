import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isKnown, parseBaseline } from "../../../src/probe/report/baseline.ts";
import { conclude, exitOf } from "../../../src/probe/report/conclude.ts";
import { json } from "../../../src/probe/report/json.ts";
import type { Finding } from "../../../src/probe/report/report.ts";
import { startServer, type Mistake } from "../servers/configurable-server.ts";
import { probeAt } from "../servers/probing.ts";
import { finding, REPORT } from "./reports.ts";
import { during, TOKEN } from "../verify/verifying.ts";

const fault = finding({ id: "fault", about: "conformance", status: "fail", observed: "403" });
const hole = finding({ id: "hole", status: "fail", observed: "accepted with no key" });

describe("isKnown", () => {
  test.each<[string, Finding, readonly Finding[], boolean]>([
    ["knows a finding in the baseline", fault, [fault], true],
    ["knows a finding that was worse before", { ...fault, status: "warn" }, [fault], true],
    ["does not know a finding that was better before", fault, [{ ...fault, status: "warn" }], false],
    ["does not know a check that passed before", fault, [{ ...fault, status: "pass" }], false],
    ["does not know a check that was untestable before", fault, [{ ...fault, status: "untestable" }], false],
    ["does not know another check", fault, [{ ...fault, id: "other" }], false],
    ["knows a conformance finding with another observation", fault, [{ ...fault, observed: "404" }], true],
    ["knows an access finding with the same observation", hole, [hole], true],
    [
      "does not know an access finding with another observation",
      hole,
      [{ ...hole, observed: "accepted with a cookie" }],
      false,
    ],
    ["does not know a check that passes now", { ...fault, status: "pass" }, [fault], false],
    ["knows nothing from an empty baseline", hole, [], false],
  ])("%s", (_, now, earlier, known) => {
    expect(isKnown(now, earlier)).toBe(known);
  });
});

describe("parseBaseline", () => {
  test("reads the JSON report", () => {
    const read = parseBaseline(json(REPORT));
    expect(read.map(({ id }) => id)).toEqual(REPORT.findings.map(({ id }) => id));
  });

  test.each([
    ["empty text", ""],
    ["text that is not JSON", "junit"],
    ["an array", "[]"],
    ["another document", `{"schemaVersion":1,"keys":[]}`],
    ["another version", `{"schemaVersion":2,"findings":[]}`],
    ["findings with an unknown status", `{"schemaVersion":1,"findings":[{"id":"a","status":"fine","observed":""}]}`],
    ["a finding without observed", `{"schemaVersion":1,"findings":[{"id":"a","status":"fail"}]}`],
  ])("rejects %s", (_, text) => {
    expect(() => parseBaseline(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  test("parses or rejects any text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          return Array.isArray(parseBaseline(text));
        } catch (error) {
          return (error as { code?: string }).code === "USAGE";
        }
      }),
    );
  });
});

describe("the exit status", () => {
  const evidence = { inconclusive: null, whole: true, strict: false };
  const statusOf = (findings: Finding[], more: Partial<Parameters<typeof conclude>[0]> = {}) =>
    exitOf(conclude({ ...evidence, findings, ...more }));
  const known = { known: true } as const;

  test.each<[string, number, Finding[], Partial<Parameters<typeof conclude>[0]>?]>([
    ["is 0 when every check passes", 0, [finding()]],
    ["is 8 for an access failure", 8, [hole]],
    ["is 8 for an access warning", 8, [{ ...hole, status: "warn" }]],
    ["is 8 for an access failure in an inconclusive run", 8, [hole], { inconclusive: "limited" }],
    ["is 0 for a conformance failure", 0, [fault]],
    ["is 8 for a conformance failure with strict", 8, [fault], { strict: true }],
    [
      "is 0 for known findings, even with strict",
      0,
      [
        { ...hole, ...known },
        { ...fault, ...known },
      ],
      { strict: true },
    ],
    [
      "is 8 for a new access failure next to a known one",
      8,
      [
        { ...hole, ...known },
        { ...hole, id: "new" },
      ],
    ],
    ["is 7 for an inconclusive run", 7, [finding()], { inconclusive: "refused" }],
    [
      "is 7 for an inconclusive run with a known access failure",
      7,
      [{ ...hole, ...known }],
      { inconclusive: "refused" },
    ],
    [
      "is 7 for an inconclusive run with a conformance failure, even with strict",
      7,
      [fault],
      { inconclusive: "x", strict: true },
    ],
  ])("%s", (_, status, findings, more) => {
    expect(statusOf(findings, more)).toBe(status);
  });

  test("there is a grade for protected and unprotected servers only", () => {
    expect(conclude({ ...evidence, findings: [finding()], whole: false })).toMatchObject({
      ...{ result: "partial", grade: null, ok: true },
    });
    expect(conclude({ ...evidence, findings: [hole], whole: false })).toMatchObject({
      result: "unprotected",
      grade: "F",
    });
    expect(conclude({ ...evidence, findings: [finding()], inconclusive: "x" })).toMatchObject({
      ...{ result: "inconclusive", grade: null, ok: false },
    });
  });
});

test("a run against its own report finds nothing new, and a new hole counts", async () => {
  const open: Mistake = { isGuarded: ({ headers }) => headers.authorization !== undefined };
  const { url } = await during(startServer([TOKEN.reveal()], open));
  const options = { only: ["requires-key", "rejects-bogus-key", "answers-401-without-key"] };
  const first = await probeAt(url, options);
  expect(first).toMatchObject({ ok: false, result: "unprotected" });
  const second = await probeAt(url, { ...options, baseline: parseBaseline(json(first)) });
  expect(second).toMatchObject({ ok: true, result: "unprotected", grade: "F" });
  expect(second.findings.find(({ id }) => id === "requires-key")).toMatchObject({ status: "fail", known: true });

  const wider = await during(startServer([TOKEN.reveal()], { ...open, knows: () => true }));
  const third = await probeAt(wider.url, { ...options, baseline: parseBaseline(json(first)) });
  expect(third).toMatchObject({ ok: false, result: "unprotected" });
});
