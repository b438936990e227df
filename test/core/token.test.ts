import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BASE62,
  explainUnusable,
  formatToken,
  locateId,
  NO_ID,
  parsePrefix,
  parseToken,
} from "../../src/core/token.ts";
import vectors from "../vectors/token.json" with { type: "json" };
import { base62, prefixes, RUNS } from "../arbitraries.ts";

test.each(vectors.valid)("parses $name", ({ token, prefix, id }) => {
  expect(parseToken(token)).toEqual({ ok: true, prefix, id });
});

test.each(vectors.invalid)("reports $name as $reason", ({ token, reason }) => {
  expect(parseToken(token)).toEqual({ ok: false, reason });
});

const parts = fc.record({ prefix: prefixes, id: base62(12), secret: base62(43) });

describe("for every token", () => {
  test("parsing returns the parts it was formatted from", () => {
    fc.assert(
      fc.property(parts, ({ prefix, id, secret }) => {
        const token = formatToken({ prefix, id, secret }).reveal();
        const parsed = parseToken(token);
        if (/\W/.test(token) || !parsed.ok || parsed.prefix !== prefix || parsed.id !== id) {
          expect({ token, parsed }).toEqual({ token: "of [A-Za-z0-9_]", parsed: { ok: true, prefix, id } });
        }
      }),
      { numRuns: RUNS.tokens },
    );
  });

  test("a changed character makes it invalid", () => {
    fc.assert(
      fc.property(parts, fc.nat(), fc.constantFrom(...BASE62, "_", "-", ".", " ", "ö"), (token, at, character) => {
        const text = formatToken(token).reveal();
        const index = at % text.length;
        fc.pre(text[index] !== character);
        expect(parseToken(text.slice(0, index) + character + text.slice(index + 1)).ok).toBe(false);
      }),
      { numRuns: RUNS.some },
    );
  });

  test("cutting it makes it invalid, and mistyped while half its secret is left", () => {
    fc.assert(
      fc.property(parts, fc.nat(), (token, at) => {
        const text = formatToken(token).reveal();
        const cut = parseToken(text.slice(0, at % text.length));
        expect(cut.ok).toBe(false);
        if (at % text.length >= token.prefix.length + 1 + 12 + 1 + 22)
          expect(cut).toMatchObject({ reason: "mistyped" });
      }),
      { numRuns: RUNS.some },
    );
  });

  test("its id is found in place, after any other text", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), parts, (before, { prefix, id, secret }) => {
        const text = before + formatToken({ prefix, id, secret }).reveal();
        const at = locateId(text, before.length);
        expect(text.slice(at, at + 12)).toBe(id);
        expect(at).toBe(before.length + prefix.length + 1);
      }),
      { numRuns: RUNS.some },
    );
  });
});

test("every text that parses has an id where locateId finds it", () => {
  const texts = fc.oneof(
    fc.string(),
    fc.tuple(fc.string({ maxLength: 30 }), base62(12), base62(49)).map((each) => each.join("_")),
  );
  fc.assert(
    fc.property(texts, (text) => {
      if (parseToken(text).ok) expect(locateId(text, 0)).not.toBe(NO_ID);
      if (text.split("_").length < 3) expect(locateId(text, 0)).toBe(NO_ID);
    }),
    { numRuns: RUNS.some },
  );
});

test("no text makes the parser throw", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      expect(typeof parseToken(text).ok).toBe("boolean");
    }),
    { numRuns: RUNS.some },
  );
});

test("a long text is parsed in linear time", () => {
  const start = performance.now();
  for (const word of ["a", "a_", "mcp_7Fq2x9Lm0aBc_"]) expect(parseToken(word.repeat(50_000)).ok).toBe(false);
  expect(performance.now() - start).toBeLessThan(500);
});

test.each(["", "Acme", "1a", "a-b", "a__b", "_a", "a_", "a".repeat(25), "ä"])("%j is not a prefix", (text) => {
  expect(() => parsePrefix(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
});

test.each(["a", "mcp", "acme_live", "a1_2b", "a".repeat(24)])("%j is a prefix", (text) => {
  expect(parsePrefix(text)).toBe(text);
});

test.each([
  ["", "is empty"],
  [" abc", "starts or ends with a space or a line break"],
  ["${MCP_API_KEY}", "looks like an unexpanded variable"],
  ["Bearer abc", "starts with `Bearer`, which is added automatically"],
  ['"abc"', "is in quotes"],
  ["a b", "contains a space or a line break"],
  ["abcä", "contains a character that is not allowed in a token"],
  [vectors.invalid.find(({ name }) => name === "the last character lost")?.token, "is mistyped or cut short"],
  [vectors.valid[0]?.token, null],
  ["5f0c1e6a-77d3-4f6b-9a67-2f6d1c1a9e55", null],
])("%j as a token: %s", (text = "absent", says) => {
  expect(explainUnusable(text)).toEqual(says === null ? null : expect.stringContaining(says));
});
