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

const rude = finding({ id: "rude", about: "conformance", status: "fail", observed: "403" });
const hole = finding({ id: "hole", status: "fail", observed: "let in with no key" });

describe("a finding is known", () => {
  test.each<[string, Finding, readonly Finding[], boolean]>([
    ["when it stands there", rude, [rude], true],
    ["when it was worse", { ...rude, status: "warn" }, [rude], true],
    ["not when it was better", rude, [{ ...rude, status: "warn" }], false],
    ["not when it was good", rude, [{ ...rude, status: "pass" }], false],
    ["not when nothing could be proven", rude, [{ ...rude, status: "untestable" }], false],
    ["not when another check failed", rude, [{ ...rude, id: "other" }], false],
    ["of manners also when it looked otherwise", rude, [{ ...rude, observed: "404" }], true],
    ["of the door when it looked the same", hole, [hole], true],
    ["of the door not when it looked otherwise", hole, [{ ...hole, observed: "let in with a cookie" }], false],
    ["not when all is well", { ...rude, status: "pass" }, [rude], false],
    ["not from nothing", hole, [], false],
  ])("%s", (_, now, former, known) => {
    expect(isKnown(now, former)).toBe(known);
  });
});

describe("a baseline is read", () => {
  test("from what the report in JSON wrote", () => {
    const read = parseBaseline(json(REPORT));
    expect(read.map(({ id }) => id)).toEqual(REPORT.findings.map(({ id }) => id));
  });

  test.each([
    ["nothing", ""],
    ["no JSON", "junit"],
    ["a list", "[]"],
    ["another document", `{"schemaVersion":1,"keys":[]}`],
    ["another version", `{"schemaVersion":2,"findings":[]}`],
    ["findings that are none", `{"schemaVersion":1,"findings":[{"id":"a","status":"fine","observed":""}]}`],
    ["a finding without what was seen", `{"schemaVersion":1,"findings":[{"id":"a","status":"fail"}]}`],
  ])("and refused when it is %s", (_, text) => {
    expect(() => parseBaseline(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  test("and any text is either a baseline or refused", () => {
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
    ["is 0 when all is well", 0, [finding()]],
    ["is 8 for a hole", 8, [hole]],
    ["is 8 for a hole that is only a warning", 8, [{ ...hole, status: "warn" }]],
    ["is 8 for a hole also when nothing else is proven", 8, [hole], { inconclusive: "limited" }],
    ["is 0 for bad manners", 0, [rude]],
    ["is 8 for bad manners in strict", 8, [rude], { strict: true }],
    [
      "is 0 for what is known, also in strict",
      0,
      [
        { ...hole, ...known },
        { ...rude, ...known },
      ],
      { strict: true },
    ],
    [
      "is 8 for a new hole beside a known one",
      8,
      [
        { ...hole, ...known },
        { ...hole, id: "new" },
      ],
    ],
    ["is 7 when nothing is proven", 7, [finding()], { inconclusive: "refused" }],
    ["is 7 when nothing is proven beside a known hole", 7, [{ ...hole, ...known }], { inconclusive: "refused" }],
    ["is 7 when nothing is proven and manners are bad, also in strict", 7, [rude], { inconclusive: "x", strict: true }],
  ])("%s", (_, status, findings, more) => {
    expect(statusOf(findings, more)).toBe(status);
  });

  test("a part of the door has no grade, an open one always has", () => {
    expect(conclude({ ...evidence, findings: [finding()], whole: false })).toMatchObject({
      ...{ result: "partial", grade: null, ok: true },
    });
    expect(conclude({ ...evidence, findings: [hole], whole: false })).toMatchObject({ result: "open", grade: "F" });
    expect(conclude({ ...evidence, findings: [finding()], inconclusive: "x" })).toMatchObject({
      ...{ result: "unproven", grade: null, ok: false },
    });
  });
});

test("a second run against its own report has nothing new, and a hole that was added is", async () => {
  const open: Mistake = { isGuarded: ({ headers }) => headers.authorization !== undefined };
  const { url } = await during(startServer([TOKEN.reveal()], open));
  const options = { only: ["requires-key", "rejects-bogus-key", "answers-401-without-key"] };
  const first = await probeAt(url, options);
  expect(first).toMatchObject({ ok: false, result: "open" });
  const second = await probeAt(url, { ...options, baseline: parseBaseline(json(first)) });
  expect(second).toMatchObject({ ok: true, result: "open", grade: "F" });
  expect(second.findings.find(({ id }) => id === "requires-key")).toMatchObject({ status: "fail", known: true });

  const wider = await during(startServer([TOKEN.reveal()], { ...open, knows: () => true }));
  const third = await probeAt(wider.url, { ...options, baseline: parseBaseline(json(first)) });
  expect(third).toMatchObject({ ok: false, result: "open" });
});
