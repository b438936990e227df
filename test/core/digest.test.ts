import { expect, test } from "vitest";
import {
  digestCandidates,
  digestToken,
  isDigest,
  parsePeppers,
  pepperIdOf,
  sameDigest,
} from "../../src/core/digest.ts";
import vectors from "../vectors/digest.json" with { type: "json" };

test.each(vectors.valid)("computes the digest $name", ({ token, pepper, digest }) => {
  expect(digestToken(token, pepper)).toBe(digest);
  expect(isDigest(digest)).toBe(true);
});

test.each(vectors.invalid)("$name is not a digest", ({ digest }) => {
  expect(isDigest(digest)).toBe(false);
});

const first = { id: "p1", key: "a".repeat(32) };
const second = { id: "p2", key: "b".repeat(32) };

test("a token has a candidate digest for each pepper and one without", () => {
  const candidates = digestCandidates("token", [first, second]);
  expect(candidates).toEqual([digestToken("token", first), digestToken("token", second), digestToken("token")]);
  expect(candidates.map(pepperIdOf)).toEqual(["p1", "p2", null]);
});

test("compares whole digests", () => {
  const digest = digestToken("token");
  expect(sameDigest(digest, digestToken("token"))).toBe(true);
  expect(sameDigest(digest, digestToken("Token"))).toBe(false);
  expect(sameDigest(digest, digestToken("token", first))).toBe(false);
});

test("parses peppers in order; blank means none", () => {
  expect(parsePeppers(undefined)).toEqual([]);
  expect(parsePeppers("  ")).toEqual([]);
  expect(parsePeppers(`p1:${first.key}, p2:${second.key}`)).toEqual([first, second]);
});

test.each(["p1", "p1:short", `p 1:${first.key}`, `:${first.key}`, `p1:${first.key},`])(
  "rejects an invalid pepper without quoting it",
  (text) => {
    expect(() => parsePeppers(text)).toThrow(expect.objectContaining({ code: "PEPPER_INVALID" }));
    try {
      parsePeppers(text);
    } catch (error) {
      expect(String(error)).not.toContain(first.key);
    }
  },
);
