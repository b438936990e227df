import fc from "fast-check";
import { expect, test } from "vitest";
import { otherSpellings } from "../../../src/probe/variations/paths.ts";
import { RUNS } from "../../arbitraries.ts";

test("spells a path in ten other ways", () => {
  expect(otherSpellings(new URL("https://h.example/api/mcp"))).toEqual([
    "https://h.example/api/mcp",
    "/api/mcp/",
    "/api/mcp/health",
    "/api/mcp/public",
    "/api/mcp;health",
    "/api/mcp%2f",
    "//api/mcp",
    "/public/../api/mcp",
    "/API/MCP",
    "/api/mc%70",
  ]);
});

test.each([
  ["/", ["/health", "//", "http://h.example/"]],
  ["/mcp/", ["/mcp", "/mcp/health", "/MCP/", "/mc%70/"]],
  ["/MCP", ["/mcp"]],
  ["/mcp?tenant=7", ["/mcp/?tenant=7", "//mcp?tenant=7", "/MCP?tenant=7", "http://h.example/mcp?tenant=7"]],
  ["/%e4/x", ["/%e4/X", "/%e4/%78", "/%e4/x/"]],
  ["/7", ["/7/", "//7"]],
])("spells %s as, among others, %j", (path, some) => {
  const paths = otherSpellings(new URL(path, "http://h.example"));
  expect(paths).toEqual(expect.arrayContaining(some));
  expect(paths).not.toContain(path);
});

test("every spelling is another request target of the same origin", () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true }), (text) => {
      const url = new URL(text);
      const paths = otherSpellings(url);
      expect(new Set(paths).size).toBe(paths.length);
      expect(paths.length).toBeLessThanOrEqual(12);
      expect(paths).not.toContain(url.pathname + url.search);
      for (const path of paths) {
        expect(path).toMatch(/^[\x21-\x7e]+$/);
        expect(path.startsWith("/") || path.startsWith(`${url.origin}/`)).toBe(true);
      }
    }),
    { numRuns: RUNS.some },
  );
});
