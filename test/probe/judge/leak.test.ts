import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Secret } from "../../../src/core/secret.ts";
import { formatToken } from "../../../src/core/token.ts";
import { digestsOf, piecesOf } from "../../../src/probe/judge/leak.ts";
import { prefixes, RUNS } from "../../arbitraries.ts";
import { TOKEN } from "../verify/verifying.ts";

const token = TOKEN.reveal();

function pass(text: string, key: string): boolean {
  const pieces = piecesOf(key);
  return pieces.some((piece) => text.toLowerCase().includes(piece));
}

test.each([
  ["the whole", token],
  ["its start", `expected ${token.slice(0, 25)}…`],
  ["its end", `…${token.slice(-8)}`],
  ["in another case", `key ${token.toUpperCase()}`],
])("%s of a key is recognised", (_, text) => {
  expect(pass(text, token)).toBe(true);
});

test.each([
  ["prefix and id, which are public", `no secret of ${token.slice(0, 17)} fits`],
  ["seven characters", token.slice(-7)],
  ["other words", "unauthorized"],
])("%s are no part of a key", (_, text) => {
  expect(pass(text, token)).toBe(false);
});

test.each([
  ["a doubled key", `${token}${token}`],
  ["a key that lacks its first character", token.slice(1)],
  ["a key with a character in front", `0${token}`],
  ["a key in capitals", token.toUpperCase()],
])("of %s no id is taken for a secret", (_, key) => {
  expect(pass("7Fq2x9Lm0aBc", key)).toBe(false);
  expect(pass(token, key)).toBe(true);
});

test.each(["sk-live-51HxQk29aZ0pLm3R", "550e8400-e29b-41d4-a716-446655440000", "9f86d081884c7d659a2feaa0c55ad015"])(
  "a random key of another form is recognised by a part: %s",
  (key) => {
    expect(pass(`want=${key.slice(6, 24)}`, key)).toBe(true);
  },
);

test.each([
  "demo-token",
  "authorization-required",
  "correct horse battery staple",
  "my-server-2026",
  "changeme123456",
  "acme-2026-11-23T08:00:00Z",
])("what words are made of is recognised by nothing, since it may stand in any answer: %s", (key) => {
  expect(piecesOf(key)).toEqual([]);
});

test("every eight characters of a secret of ours are recognised, and its prefix and id are not", () => {
  const letters = fc.stringMatching(/^[A-Z]{12}$/);
  const digits = fc.stringMatching(/^[0-9]{43}$/);
  fc.assert(
    fc.property(prefixes, letters, digits, fc.nat(41), (prefix, id, secret, at) => {
      const key = formatToken({ prefix, id, secret }).reveal();
      expect(pass(`<${key.slice(-49).slice(at, at + 8)}>`, key)).toBe(true);
      expect(pass(`{"error":"unauthorized","key":"${prefix}_${id}"}`, key)).toBe(false);
    }),
    { numRuns: RUNS.some },
  );
});

test("a digest is known in every way in which it is written", () => {
  const digest = createHash("sha256").update("any key").digest();
  const written = digestsOf(new Secret("any key"));
  for (const encoding of ["hex", "base64", "base64url"] as const) {
    const text = `want ${digest.toString(encoding)}`;
    expect(written.some((one) => text.includes(one))).toBe(true);
  }
});
