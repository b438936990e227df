import fc from "fast-check";
import { expect, test } from "vitest";
import { Secret } from "../../../src/core/secret.ts";
import { parseToken } from "../../../src/core/token.ts";
import { createWrongKey } from "../../../src/probe/judge/made-up-key.ts";
import { RUNS } from "../../arbitraries.ts";
import { anyKeys, basics, draws, jwts } from "./key-arbitraries.ts";

test("a made-up key keeps the format of the key and nothing secret", () => {
  fc.assert(
    fc.property(anyKeys, draws, (text, random) => {
      const made = createWrongKey(new Secret(text), random).reveal();
      expect(made).not.toBe(text);
      expect(made).toMatch(/^[\x21-\x7e]+$/);
      const parts = parseToken(text);
      if (!parts.ok) return;
      expect(parseToken(made)).toMatchObject({ ok: true, prefix: parts.prefix });
      expect(made.slice(-49, -6)).not.toBe(text.slice(-49, -6));
    }),
    { numRuns: RUNS.some },
  );
});

test("a made-up JWT has the same header, claims of the same names and the length of the signature", () => {
  fc.assert(
    fc.property(jwts, draws, (text, random) => {
      const [header, payload = "", signature = ""] = text.split(".");
      const [madeHeader, madePayload = "", madeSignature = ""] = createWrongKey(new Secret(text), random)
        .reveal()
        .split(".");
      const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as { exp: number };
      const made = JSON.parse(Buffer.from(madePayload, "base64url").toString()) as { exp: number };
      expect([madeHeader, made.exp, madeSignature.length]).toEqual([header, claims.exp, signature.length]);
      expect(Object.keys(made)).toEqual([...Object.keys(claims), "jti"]);
    }),
    { numRuns: RUNS.some },
  );
});

test("made-up Basic credentials keep the user name", () => {
  fc.assert(
    fc.property(basics, draws, (text, random) => {
      const [user, password] = Buffer.from(text, "base64").toString().split(":");
      const made = Buffer.from(createWrongKey(new Secret(text), random).reveal(), "base64").toString();
      expect(made.split(":")[0] === user).toBe(password !== "");
    }),
    { numRuns: RUNS.some },
  );
});

test.each([
  ["sk-live-0a1B2c3D4e5F", "sk-live-777777777777"],
  ["sk-proj-ab_0a1B2c3D4e5F", "sk-proj-ab_777777777777"],
  ["550e8400-e29b-41d4-a716-446655440000", "77777777-7777-7777-7777-777777777777"],
  ["correct-horse-battery-staple", "7777777-77777-7777777-777777"],
  ["my-key", "77-777"],
  ["hunter2", "7777777"],
  ["7777", "7".repeat(43)],
  ["****", "7".repeat(43)],
])("a made-up key for %s is %s", (text, wrong) => {
  const sevens = (length: number): string => "7".repeat(length);
  expect(createWrongKey(new Secret(text), sevens).reveal()).toBe(wrong);
});
