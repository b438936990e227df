import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDigestLines } from "../../src/core/digest-lines.ts";
import { KeysError } from "../../src/errors.ts";

const NEVER = null;
const hash = createHash("sha256").update("a token").digest();
const hex = hash.toString("hex");

function refusal(text: string): KeysError {
  try {
    parseDigestLines(text, NEVER);
  } catch (error) {
    if (error instanceof KeysError) return error;
  }
  throw new Error("accepted");
}

test("reads one key a line, in every encoding, and skips empty lines", () => {
  const lines = [
    { name: "a", sha256: hex },
    { name: "b", sha256: hex.toUpperCase(), encoding: "hex", expiresAt: null },
    { name: "c", sha256: hash.toString("base64"), encoding: "base64", expiresAt: "2027-03-01T12:00:00.999Z" },
    { name: "d", sha256: hash.toString("base64").replace("=", ""), encoding: "base64", enabled: false },
    { name: "e", sha256: hash.toString("base64url"), encoding: "base64url", scopes: ["x"], tags: { a: "b" } },
  ];
  const text = `\uFEFF${lines.map((each) => JSON.stringify(each)).join("\r\n\r\n")}\n`;
  expect(parseDigestLines(text, 99)).toEqual([
    { source: "line 1", name: "a", digest: `sha256:${hex}`, expiresAt: 99, enabled: true },
    { source: "line 3", name: "b", digest: `sha256:${hex}`, expiresAt: null, enabled: true },
    { source: "line 5", name: "c", digest: `sha256:${hex}`, expiresAt: 1_803_902_400, enabled: true },
    { source: "line 7", name: "d", digest: `sha256:${hex}`, expiresAt: 99, enabled: false },
    {
      source: "line 9",
      name: "e",
      digest: `sha256:${hex}`,
      expiresAt: 99,
      enabled: true,
      scopes: ["x"],
      tags: { a: "b" },
    },
  ]);
});

describe("names the line and the fault", () => {
  const valid = JSON.stringify({ name: "a", sha256: hex });
  test.each([
    ["not JSON", "{", "not a JSON object"],
    ["a list", "[]", "not a JSON object"],
    ["no name", JSON.stringify({ sha256: hex }), "name or sha256 is missing"],
    ["an unknown member", JSON.stringify({ name: "b", sha256: hex, scope: ["x"] }), "unknown member"],
    ["a member of all objects", `{"name":"b","sha256":"${hex}","__proto__":"x"}`, "unknown member"],
    ["one scope instead of a list", JSON.stringify({ name: "b", sha256: hex, scopes: "x" }), "scopes is not a list"],
    [
      "a time in milliseconds",
      JSON.stringify({ name: "b", sha256: hex, expiresAt: 1.8e12 }),
      "expiresAt is not a time",
    ],
    ["a day that does not exist", JSON.stringify({ name: "b", sha256: hex, expiresAt: "2027-02-30" }), "expiresAt"],
    ["an unknown encoding", JSON.stringify({ name: "b", sha256: hex, encoding: "utf8" }), "encoding is unknown"],
    ["a truncated digest", JSON.stringify({ name: "b", sha256: hex.slice(1) }), "sha256 is not 32 bytes in hex"],
  ])("%s", (_, line, message) => {
    expect(refusal(`${valid}\n${line}`)).toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(new RegExp(`^line 2: .*${message}`)) as string,
    });
  });

  test("suggests the encoding that a digest looks like", () => {
    const line = JSON.stringify({ name: "a", sha256: hash.toString("base64") });
    expect(refusal(line).hint).toBe('add "encoding": "base64"');
  });
});

test("never quotes a line, whatever it contains", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(..."abcXYZ0189+/"), minLength: 12, maxLength: 50 }),
      fc.constantFrom("name", "sha256", "encoding", "expiresAt", "enabled", "scopes"),
      (secret, member) => {
        for (const line of [secret, JSON.stringify({ [member]: secret }), JSON.stringify({ [secret]: 1 })]) {
          const { message, hint } = refusal(line);
          expect(message + hint).not.toContain(secret);
        }
      },
    ),
  );
});

test("decodes exactly what the encodings of Node.js write", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.constantFrom("hex", "base64", "base64url"),
      (bytes, encoding) => {
        const line = JSON.stringify({ name: "a", sha256: Buffer.from(bytes).toString(encoding), encoding });
        expect(parseDigestLines(line, NEVER)[0]?.digest).toBe(`sha256:${Buffer.from(bytes).toString("hex")}`);
      },
    ),
  );
});
