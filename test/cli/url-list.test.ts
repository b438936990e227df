import fc from "fast-check";
import { expect, test } from "vitest";
import { parseUrlList } from "../../src/cli/url-list.ts";
import { KeysError } from "../../src/errors.ts";
import { RUNS } from "../arbitraries.ts";

const urls = fc
  .tuple(fc.constantFrom("https", "http"), fc.constantFrom("a.example", "127.0.0.1:3000", "b-c.example"), fc.nat(99))
  .map(([scheme, host, n]) => `${scheme}://${host}/mcp/${String(n)}`);
const ignored = fc.constantFrom("", "  ", "# https://a.example/mcp", "\t# x", "#");
const lines = fc.oneof(
  urls.map((url) => ({ text: url, url })),
  fc.tuple(urls, fc.constantFrom(" # note", "\t", "  ")).map(([url, after]) => ({ text: ` ${url}${after}`, url })),
  ignored.map((text) => ({ text, url: null })),
);

test("finds each URL and its line, with any line ending", () => {
  fc.assert(
    fc.property(fc.array(lines), fc.constantFrom("\n", "\r\n", "\r"), fc.boolean(), (each, ending, isMarked) => {
      const wanted = each.flatMap(({ url }, i) => (url === null ? [] : [{ line: i + 1, url }]));
      fc.pre(wanted.length > 0);
      const found = parseUrlList((isMarked ? "\uFEFF" : "") + each.map(({ text }) => text).join(ending));
      expect(found.map(({ line, url }) => ({ line, url: url.href }))).toEqual(wanted);
    }),
    { numRuns: RUNS.some },
  );
});

test("names the first line that has no usable URL and does not quote it", () => {
  const wrong = fc.constantFrom("ftp://qqq.example", "qqq", "https://qqq.example qqq", "https://qqq:x@a.example");
  fc.assert(
    fc.property(fc.array(lines), wrong, fc.array(lines), (before, text, after) => {
      const all = [...before, { text }, ...after].map((line) => line.text);
      const error = errorOf(all.join("\n"));
      expect(error?.code).toBe("USAGE");
      expect(error?.message).toContain(`line ${String(before.length + 1)} of --verify-all: `);
      expect(`${error?.message} ${error?.hint}`).not.toContain("qqq");
    }),
    { numRuns: RUNS.some },
  );
});

function errorOf(text: string): KeysError | undefined {
  try {
    parseUrlList(text);
  } catch (error) {
    if (error instanceof KeysError) return error;
    throw error;
  }
  return undefined;
}
