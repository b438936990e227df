import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BASE62, formatToken } from "../../src/core/token.ts";
import { findTokens, TokenFinder } from "../../src/scan/token-finder.ts";

const base62 = (length: number) =>
  fc.string({ unit: fc.constantFrom(...BASE62), minLength: length, maxLength: length });
const aToken = fc
  .record({ prefix: fc.constantFrom("mcp", "a", "acme_live", "x".repeat(24)), id: base62(12), secret: base62(43) })
  .map((parts) => formatToken(parts).reveal());
const TOKEN = formatToken({ prefix: "acme_live", id: "7Fq2x9Lm0aBc", secret: "aB3".repeat(14) + "x" }).reveal();

/** Passes the bytes in parts of these sizes. */
function inParts(bytes: Buffer, sizes: readonly number[]) {
  const finder = new TokenFinder();
  const found = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = at + (sizes[i % sizes.length] ?? 1);
    found.push(...finder.push(bytes.subarray(at, end)));
    at = end;
  }
  return found.map(({ token, line }) => ({ token: token.reveal(), line }));
}

describe("finds", () => {
  test.each([
    ["alone", TOKEN],
    ["in JSON", `{"key":"${TOKEN}"}`],
    ["after an escaped line break", `one\\n${TOKEN}\\ntwo`],
    ["after a word without a separator", `key${TOKEN}`],
    ["after an underscore", `x_${TOKEN}`],
    ["in the query of a URL", `https://host/mcp?k=%20${TOKEN}&x=1`],
    ["before other text", `${TOKEN}and more`],
    ["in a very long line", `${"x".repeat(100_000)} ${TOKEN} ${"y".repeat(100_000)}`],
  ])("a token %s", (_, text) => {
    expect(findTokens(Buffer.from(text)).map(({ id }) => id)).toEqual(["7Fq2x9Lm0aBc"]);
  });

  test.each([
    ["UTF-16, little-endian", (text: string) => Buffer.from(`\ufeff${text}`, "utf16le")],
    ["UTF-16, big-endian", (text: string) => Buffer.from(`\ufeff${text}`, "utf16le").swap16()],
    ["a binary file", (text: string) => Buffer.from(`\0\u0001\0\0${text}\0\u0002`)],
    ["Latin-1", (text: string) => Buffer.from(`caf\u00e9 ${text}`, "latin1")],
  ])("a token in %s", (_, encode) => {
    expect(findTokens(encode(`first\r\nkey=${TOKEN}\r\n`))).toMatchObject([{ id: "7Fq2x9Lm0aBc", line: 2 }]);
  });

  test("each token once, on its line, however the file is cut into parts", () => {
    const filler = fc.string({ unit: fc.constantFrom("a", "_", "\n", "Z", "0", " ", "mcp_"), maxLength: 80 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(filler, aToken), { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        (pieces, sizes, isWide) => {
          const text = pieces.map(([before, token]) => `${before} ${token} `).join("");
          let at = 0;
          const expected = pieces.map(([, token]) => {
            at = text.indexOf(token, at);
            return { token, line: text.slice(0, at).split("\n").length };
          });
          expect(inParts(Buffer.from(text, isWide ? "utf16le" : "utf8"), sizes)).toEqual(expected);
        },
      ),
    );
  });
});

test.each([
  ["a changed character", TOKEN.replace("aB3", "aB4")],
  ["a lost character", TOKEN.slice(0, -1)],
  ["another case", TOKEN.toLowerCase()],
  ["a longer prefix only", `${"y".repeat(30)}_${TOKEN.slice(10)}`],
  ["the text of a name", `acme_${"environments".slice(0, 12)}_${"continuousdelivery".repeat(3)}`],
])("ignores a token with %s", (_, text) => {
  expect(findTokens(Buffer.from(text))).toEqual([]);
});
