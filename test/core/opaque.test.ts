import { randomBytes, randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { estimateBits, MIN_OPAQUE_BITS } from "../../src/core/opaque.ts";

test.each([
  ["a word", "changeme"],
  ["a pass phrase", "correct-horse-battery-staple-correct-horse-battery-staple"],
  ["words in camel case, with a year", "SuperSecretPasswordForTheProductionServer2026"],
  ["one character many times", "a".repeat(200)],
  ["the alphabet", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"],
  ["a count", "1234567890".repeat(20)],
  ["a part many times", "Zx81-Qk7".repeat(20)],
  ["a short number", "493817264950127364"],
  ["a UUID of version 4, which has 122", "7d444840-9dc0-41d1-b245-5ffdce74fad2"],
  ["a UUID of version 1, which is a time", "c232ab00-9414-11ec-b3c8-9f68deced846"],
  ["words with numbers between them", "acme-v2-production-mcp-secret-key-2024"],
  ["the same in camel case", "MyCompany-Api-Key-2024-Production"],
  ["passwords in a row", "password123letmein456dragon789monkey"],
  ["columns of a keyboard", "1qaz2WSX3edc4rfv5tgb6yhn7ujm8ik9ol0p"],
  ["nothing", ""],
])("%s has too few bits", (_, text) => {
  expect(estimateBits(text)).toBeLessThan(MIN_OPAQUE_BITS);
});

test.each([
  ["32 hexadecimal digits", "9f86d081884c7d659a2feaa0c55ad015"],
  ["the same in capitals", "9F86D081884C7D659A2FEAA0C55AD015"],
  ["24 bytes in base64", "bG9uZyByYW5kb20gdG9rZW4hIQo1"],
  ["22 letters, as 16 bytes in base64 may be", "KcWnYsJdHgPaZvQxTmLwRb"],
  ["32 hexadecimal digits with a sequence", "9f86d081884c7d659a2feaa012345015"],
  ["a token of another vendor", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"],
])("%s have enough", (_, text) => {
  expect(estimateBits(text)).toBeGreaterThanOrEqual(MIN_OPAQUE_BITS);
});

test("random tokens of at least 192 bits are never called weak", () => {
  const make = [
    () => randomBytes(24).toString("hex"),
    () => randomBytes(33).toString("base64url"),
    () => randomBytes(32).toString("base64"),
    () => `${randomUUID()}${randomUUID()}`,
  ];
  for (let i = 0; i < 500; i++) {
    for (const each of make) {
      const text = each();
      expect(estimateBits(text), text).toBeGreaterThanOrEqual(MIN_OPAQUE_BITS);
    }
  }
});
