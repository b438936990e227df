import fc from "fast-check";
import { expect, test } from "vitest";
import { parseChallenges } from "../../../src/probe/mcp/challenge.ts";
import { RUNS } from "../../arbitraries.ts";

/** Parses into plain lists, which give better diffs. */
function parse(text: string): [scheme: string, ...parameters: [string, string][]][] | null {
  return parseChallenges(text)?.map(({ scheme, parameters }) => [scheme, ...parameters]) ?? null;
}

test.each([
  ['Bearer realm="mcp"', [["bearer", ["realm", "mcp"]]]],
  ["BEARER Realm=mcp", [["bearer", ["realm", "mcp"]]]],
  ['Bearer realm="a", error="b",scope="c d"', [["bearer", ["realm", "a"], ["error", "b"], ["scope", "c d"]]]],
  ['Bearer realm = "a" , error="b"', [["bearer", ["realm", "a"], ["error", "b"]]]],
  ['Bearer realm="say \\"a\\" \\\\ b"', [["bearer", ["realm", 'say "a" \\ b']]]],
  ['Bearer realm="", x="ä, Basic realm=x"', [["bearer", ["realm", ""], ["x", "ä, Basic realm=x"]]]],
  ["Bearer", [["bearer"]]],
  ["Negotiate", [["negotiate"]]],
  ["Negotiate YII+/x==", [["negotiate"]]],
  ["Negotiate x=, Basic", [["negotiate"], ["basic"]]],
  [
    'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"',
    [
      ["newauth", ["realm", "apps"], ["type", "1"], ["title", 'Login to "apps"']],
      ["basic", ["realm", "simple"]],
    ],
  ],
  ['Basic, Bearer realm="a"', [["basic"], ["bearer", ["realm", "a"]]]],
  [', ,Bearer realm="a",, error="b", ,Basic,', [["bearer", ["realm", "a"], ["error", "b"]], ["basic"]]],
] as const)("parses %s", (text, challenges) => {
  expect(parse(text)).toEqual(challenges);
});

test.each([
  ["an empty header", ""],
  ["commas", " , ,"],
  ["an unescaped quote", 'Bearer error_description="the "key" is wrong"'],
  ["an unclosed quote", 'Bearer realm="mcp'],
  ["a missing comma between parameters", 'Bearer realm="a" error="b"'],
  ["a missing comma between challenges", 'Bearer Basic realm="a"'],
  ["a missing value", "Bearer realm=, error=x"],
  ["a missing scheme", 'realm="mcp"'],
  ["a repeated parameter", 'Bearer realm="a", Realm="b"'],
  ["words", "Bearer token is missing"],
  ["a sentence", "Please log in first."],
  ["JSON", 'Bearer {"realm":"mcp"}'],
  ["a control character", 'Bearer realm="a\u0007b"'],
])("rejects %s", (_, text) => {
  expect(parse(text)).toBeNull();
});

const name = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}$/);
const value = fc.stringMatching(/^[\t -~\x80-\xff]{0,12}$/);
const challenges = fc.array(
  fc.record({
    scheme: name,
    parameters: fc.uniqueArray(fc.tuple(name, value), { maxLength: 4, selector: ([of]) => of.toLowerCase() }),
  }),
  { minLength: 1, maxLength: 4 },
);

test("parses any valid header to the same challenges", () => {
  const gap = fc.constantFrom(",", ", ", " , ", ",, ", "\t,");
  fc.assert(
    fc.property(challenges, gap, (written, comma) => {
      const quote = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;
      const text = written.map(({ scheme, parameters }) =>
        [scheme, parameters.map(([of, text]) => `${of}=${quote(text)}`).join(comma)].join(" ").trim(),
      );
      const lower = written.map(({ scheme, parameters }) => [
        scheme.toLowerCase(),
        ...parameters.map(([of, text]) => [of.toLowerCase(), text]),
      ]);
      expect(parse(text.join(comma))).toEqual(lower);
    }),
    { numRuns: RUNS.some },
  );
});

test("parses any text to at least one challenge or null", () => {
  const piece = fc.constantFrom("Bearer", " ", "=", '"', ",", "\\", "realm", "a", "==", "\t", "ä", "{");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece, { maxLength: 30 }).map((all) => all.join("")),
      ),
      (text) => {
        expect(parse(text)?.length ?? 1).toBeGreaterThan(0);
      },
    ),
    { numRuns: RUNS.some },
  );
});

test("parses long headers in linear time", () => {
  for (const text of [`Bearer a="${"\\a".repeat(100_000)}`, `Bearer ${"a,".repeat(50_000)}"`, " ,".repeat(100_000)]) {
    expect(parse(text)).toBeNull();
  }
});
