import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BASE62, formatToken, parsePrefix, parseToken } from "../../src/core/token.ts";
import vectors from "../vectors/token.json" with { type: "json" };
import { base62, prefixes, RUNS } from "../arbitraries.ts";

test.each(vectors.valid)("takes apart $name", ({ token, prefix, id }) => {
  expect(parseToken(token)).toEqual({ ok: true, prefix, id });
});

test.each(vectors.invalid)("refuses $name as $reason", ({ token, reason }) => {
  expect(parseToken(token)).toEqual({ ok: false, reason });
});

const parts = fc.record({ prefix: prefixes, id: base62(12), secret: base62(43) });

describe("for every token", () => {
  test("parsing gives back what was put together", () => {
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

  test("one changed character is never taken for a valid token", () => {
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

  test("a token cut anywhere is never valid, and is called mistyped while half its secret is left", () => {
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
});

test("a token is read alike in place and cut out", () => {
  const tokens = fc.tuple(prefixes, base62(12), base62(43)).map(([prefix, id, secret]) => {
    return formatToken({ prefix, id, secret }).reveal();
  });
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), fc.oneof(tokens, fc.string()), (before, text) => {
      expect(parseToken(before + text, before.length)).toEqual(parseToken(text));
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

test.each(["", "Acme", "1a", "a-b", "a__b", "_a", "a_", "a".repeat(25), "ä"])("%j is no prefix", (text) => {
  expect(() => parsePrefix(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
});

test.each(["a", "mcp", "acme_live", "a1_2b", "a".repeat(24)])("%j is a prefix", (text) => {
  expect(parsePrefix(text)).toBe(text);
});
