import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Secret } from "../../../src/core/secret.ts";
import { formatToken } from "../../../src/core/token.ts";
import { digestsOf, piecesOf } from "../../../src/probe/judge/leak.ts";
import { prefixes, RUNS } from "../../arbitraries.ts";
import { TOKEN } from "../verify/verifying.ts";

const token = TOKEN.reveal();

function isFound(text: string, key: string): boolean {
  const pieces = piecesOf(key);
  return pieces.some((piece) => text.toLowerCase().includes(piece));
}

test.each([
  ["all", token],
  ["its start", `expected ${token.slice(0, 25)}…`],
  ["its end", `…${token.slice(-8)}`],
  ["another case", `key ${token.toUpperCase()}`],
])("finds a key by %s of it", (_, text) => {
  expect(isFound(text, token)).toBe(true);
});

test.each([
  ["prefix and id, which are public", `no secret of ${token.slice(0, 17)} fits`],
  ["seven characters", token.slice(-7)],
  ["other words", "unauthorized"],
])("does not take %s for a key", (_, text) => {
  expect(isFound(text, token)).toBe(false);
});

test.each([
  ["a doubled key", `${token}${token}`],
  ["a key without its first character", token.slice(1)],
  ["a key with an extra first character", `0${token}`],
  ["a key in capitals", token.toUpperCase()],
])("does not take the id in %s for a secret", (_, key) => {
  expect(isFound("7Fq2x9Lm0aBc", key)).toBe(false);
  expect(isFound(token, key)).toBe(true);
});

test.each(["sk-live-51HxQk29aZ0pLm3R", "550e8400-e29b-41d4-a716-446655440000", "9f86d081884c7d659a2feaa0c55ad015"])(
  "finds a random key in another format by a part of it: %s",
  (key) => {
    expect(isFound(`want=${key.slice(6, 24)}`, key)).toBe(true);
  },
);

test.each([
  "demo-token",
  "authorization-required",
  "correct horse battery staple",
  "my-server-2026",
  "changeme123456",
  "acme-2026-11-23T08:00:00Z",
])("ignores keys made of words, which may occur in any answer: %s", (key) => {
  expect(piecesOf(key)).toEqual([]);
});

test("finds any eight characters of a secret in our format, but not its prefix and id", () => {
  const letters = fc.stringMatching(/^[A-Z]{12}$/);
  const digits = fc.stringMatching(/^[0-9]{43}$/);
  fc.assert(
    fc.property(prefixes, letters, digits, fc.nat(41), (prefix, id, secret, at) => {
      const key = formatToken({ prefix, id, secret }).reveal();
      expect(isFound(`<${key.slice(-49).slice(at, at + 8)}>`, key)).toBe(true);
      expect(isFound(`{"error":"unauthorized","key":"${prefix}_${id}"}`, key)).toBe(false);
    }),
    { numRuns: RUNS.some },
  );
});

test("finds a digest in hex, base64 and base64url", () => {
  const digest = createHash("sha256").update("any key").digest();
  const written = digestsOf(new Secret("any key"));
  for (const encoding of ["hex", "base64", "base64url"] as const) {
    const text = `want ${digest.toString(encoding)}`;
    expect(written.some((one) => text.includes(one))).toBe(true);
  }
});
