import fc from "fast-check";
import { expect, test } from "vitest";
import { formatReport, parseReports, type UsageReport } from "../../src/core/usage-report.ts";
import { isServerName, parseServerName, toServerName } from "../../src/core/usage.ts";
import { KeysError } from "../../src/errors.ts";

const AN_ID = fc.stringMatching(/^[0-9A-Za-z]{12}$/);
const A_TIME = fc.integer({ min: 0, max: 253_402_300_799 });
const REPORT: fc.Arbitrary<UsageReport> = fc.record({
  store: fc.string({ maxLength: 100 }),
  server: fc.stringMatching(/^[a-z][a-z0-9.-]{0,30}$/),
  at: A_TIME,
  uses: fc.array(fc.record({ id: AN_ID, n: fc.integer({ min: 1, max: 99 }), at: A_TIME }), { maxLength: 5 }),
});
const line = (change: object) =>
  JSON.stringify({ usage: 1, store: "file:/k", server: "edge-1", at: "2026-11-27T12:00:00Z", uses: [], ...change });
const codeOf = (text: string) => {
  try {
    parseReports(text, "uses.json");
    return null;
  } catch (error) {
    return error instanceof KeysError ? error.code : error;
  }
};

test("reads what it wrote, also several reports in one text", () => {
  fc.assert(
    fc.property(fc.array(REPORT, { minLength: 1, maxLength: 4 }), fc.constantFrom("", "\n", "\r\n"), (reports, gap) => {
      expect(parseReports(reports.map((report) => formatReport(report) + gap).join(""), "uses.json")).toEqual(reports);
    }),
  );
});

test("accepts or rejects any text, and never repeats it", () => {
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc.tuple(REPORT, fc.nat(300), fc.string({ maxLength: 3 })).map(([report, at, extra]) => {
      const text = formatReport(report);
      return text.slice(0, at) + extra + text.slice(at + 1);
    }),
    fc
      .dictionary(fc.constantFrom("usage", "store", "server", "at", "uses", "__proto__"), fc.jsonValue())
      .map((each) => line(each)),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        for (const { server, uses } of parseReports(text, "uses.json")) {
          expect(isServerName(server)).toBe(true);
          expect(uses.every(({ id, n }) => /^[0-9A-Za-z]{12}$/.test(id) && n > 0)).toBe(true);
        }
      } catch (error) {
        expect(error).toMatchObject({ code: "REPORT_INVALID" });
      }
    }),
  );
});

test.each([
  ["an empty text", ""],
  ["a keyset", '{"keyset":1,"store":"file:/k","seq":1,"at":"2026-11-27T12:00:00Z","keys":[]}'],
  ["another version of the format", line({ usage: 2 })],
  ["a report that is cut off", line({}).slice(0, -3)],
  ["a server name with a control character", line({ server: "edge\u001b[2J" })],
  ["a server name of 65 characters", line({ server: "a".repeat(65) })],
  ["a server name that is a flag", line({ server: "-f" })],
  ["a time that does not exist", line({ at: "2026-02-30T12:00:00Z" })],
  ["a time with fractions", line({ at: "2026-11-27T12:00:00.5Z" })],
  ["a number as a time", line({ at: 1_800_000_000 })],
  ["uses that are no list", line({ uses: {} })],
  ["a use without a version", line({ uses: [{ id: "7Fq2x9Lm0aBc", at: "2026-11-27T12:00:00Z" }] })],
  ["version 0", line({ uses: [{ id: "7Fq2x9Lm0aBc", n: 0, at: "2026-11-27T12:00:00Z" }] })],
  [
    "a token as an id",
    line({ uses: [{ id: `mcp_7Fq2x9Lm0aBc_${"a".repeat(49)}`, n: 1, at: "2026-11-27T12:00:00Z" }] }),
  ],
  ["a good line and a bad one", `${line({})}\n{`],
])("rejects %s", (_, text) => {
  expect(codeOf(text)).toBe("REPORT_INVALID");
});

test("names the line of a fault", () => {
  expect(() => parseReports(`${line({})}\n\n${line({ server: 1 })}`, "uses.json")).toThrow(
    "line 3 of uses.json lacks a member",
  );
});

test("ignores members that it does not know, and a byte order mark", () => {
  expect(parseReports(`\uFEFF${line({ later: true })}`, "uses.json")).toHaveLength(1);
});

test("a server name has 1 to 64 letters, digits, dots, dashes and underscores", () => {
  for (const name of ["web-1", "a", "a".repeat(64), "_x", "pod.7c-9"]) expect(parseServerName(name)).toBe(name);
  for (const name of ["", "-x", "a b", "a/b", "ä", "a".repeat(65)]) {
    expect(() => parseServerName(name)).toThrow(expect.objectContaining({ code: "USAGE" }));
  }
  expect(() => parseServerName(`ghp_${"a1B2".repeat(9)}`)).toThrow(
    expect.objectContaining({ code: "TOKEN_MISPLACED" }),
  );
});

test("makes a server name of any host name", () => {
  expect(toServerName("ada's laptop")).toBe("ada-s-laptop");
  expect(toServerName("--")).toBe("unnamed");
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (host) => isServerName(toServerName(host))));
});
