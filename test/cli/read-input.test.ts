import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { readInput } from "../../src/cli/terminal/read-input.ts";

const TOKEN = "mcp_7Fq2x9Lm0aBc_grüße";
const inPieces = (bytes: Buffer) => Readable.from(Array.from(bytes, (byte) => Buffer.of(byte)));
/** Half of it waits, and the rest comes later. */
const read = (bytes: Buffer) =>
  readInput(
    () => ({ bytes: bytes.subarray(0, bytes.length / 2), hasEnded: false }),
    () => inPieces(bytes.subarray(bytes.length / 2)),
    {},
  );

test.each([
  ["UTF-8", Buffer.from(`${TOKEN}\r\n`)],
  ["UTF-8 with a byte order mark", Buffer.from(`\uFEFF${TOKEN}\n`)],
])("reads %s, in pieces of any size", async (_, bytes) => {
  expect(await read(bytes)).toBe(TOKEN);
});

test.each([
  ["UTF-16 as PowerShell writes it", Buffer.from(`\uFEFF${TOKEN}\r\n`, "utf16le")],
  ["big-endian UTF-16", Buffer.from(`\uFEFF${TOKEN}`, "utf16le").swap16()],
  ["UTF-16 without a mark", Buffer.from(TOKEN, "utf16le")],
  ["big-endian UTF-16 without a mark", Buffer.from(TOKEN, "utf16le").swap16()],
])("names %s, and how to write a file that can be read", async (_, bytes) => {
  await expect(read(bytes)).rejects.toMatchObject({
    code: "TOKEN_UNUSABLE",
    message: expect.stringContaining("UTF-16"),
    hint: expect.stringContaining("-Encoding ascii"),
  });
});

test("reads an empty input as empty", async () => {
  expect(await read(Buffer.alloc(0))).toBe("");
});
