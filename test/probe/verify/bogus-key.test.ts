import fc from "fast-check";
import { expect, test } from "vitest";
import { Secret } from "../../../src/core/secret.ts";
import { formatToken, parseToken } from "../../../src/core/token.ts";
import { createBogusKey } from "../../../src/probe/verify/bogus-key.ts";
import { base62, prefixes, RUNS } from "../../arbitraries.ts";

const random = (length: number): string => "z".repeat(length);

test("keeps prefix and id of the token and replaces its secret", () => {
  fc.assert(
    fc.property(prefixes, base62(12), base62(43), (prefix, id, secret) => {
      const token = formatToken({ prefix, id, secret });
      const bogus = createBogusKey(token, random).reveal();
      expect(parseToken(bogus)).toEqual({ ok: true, prefix, id });
      expect(bogus).not.toContain(secret);
    }),
    { numRuns: RUNS.some },
  );
});

test("uses no part of an opaque token", () => {
  const bogus = createBogusKey(new Secret("an-opaque-token"), random).reveal();
  expect(parseToken(bogus)).toEqual({ ok: true, prefix: "mcp", id: "zzzzzzzzzzzz" });
});
