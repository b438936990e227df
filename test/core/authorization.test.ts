import fc from "fast-check";
import { expect, test } from "vitest";
import { parseBare, parseBearer } from "../../src/core/authorization.ts";
import { RUNS } from "../arbitraries.ts";
import vectors from "../vectors/header.json" with { type: "json" };

test.each(vectors.valid)("takes the token from $name", ({ header, token }) => {
  expect(parseBearer(header)).toEqual({ ok: true, token });
});

test.each(vectors.invalid)("finds $name $reason", ({ header, reason }) => {
  expect(parseBearer(header)).toEqual({ ok: false, reason });
});

test("whatever is accepted is a b64token, and behind the scheme stands nothing else", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
      const presented = parseBearer(`Bearer ${text}`);
      if (!presented.ok) return;
      expect(presented.token).toMatch(/^[A-Za-z0-9._~+/-]+=*$/);
      expect(text.trimStart()).toBe(presented.token);
    }),
    { numRuns: RUNS.some },
  );
});

test("a header that holds a bare token is read as it is", () => {
  expect(parseBare("abc-123")).toEqual({ ok: true, token: "abc-123" });
  expect(parseBare(undefined)).toEqual({ ok: false, reason: "missing" });
  expect(parseBare("")).toEqual({ ok: false, reason: "missing" });
  expect(parseBare("Bearer abc")).toEqual({ ok: false, reason: "malformed" });
});
