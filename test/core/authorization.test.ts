import fc from "fast-check";
import { expect, test } from "vitest";
import { parseBare, parseBearer } from "../../src/core/authorization.ts";
import { RUNS } from "../arbitraries.ts";
import vectors from "../vectors/header.json" with { type: "json" };

test.each(vectors.valid)("takes the token from $name", ({ header, token }) => {
  expect(parseBearer(header)).toEqual({ ok: true, token });
});

test.each(vectors.invalid)("reports $name as $reason", ({ header, reason }) => {
  expect(parseBearer(header)).toEqual({ ok: false, reason });
});

test("every accepted token is a b64token and the only text after the scheme", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
      const parsed = parseBearer(`Bearer ${text}`);
      if (!parsed.ok) return;
      expect(parsed.token).toMatch(/^[A-Za-z0-9._~+/-]+=*$/);
      expect(text.trimStart()).toBe(parsed.token);
    }),
    { numRuns: RUNS.some },
  );
});

test("parses a header that contains a bare token", () => {
  expect(parseBare("abc-123")).toEqual({ ok: true, token: "abc-123" });
  expect(parseBare(undefined)).toEqual({ ok: false, reason: "missing" });
  expect(parseBare("")).toEqual({ ok: false, reason: "missing" });
  expect(parseBare("Bearer abc")).toEqual({ ok: false, reason: "malformed" });
});
