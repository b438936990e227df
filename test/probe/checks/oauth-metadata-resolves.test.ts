import { expect, test } from "vitest";
import { coversUrl, wellKnown } from "../../../src/probe/checks/oauth-metadata-resolves.ts";

test.each([
  ["https://a.example/mcp", ["/.well-known/x/mcp", "/.well-known/x"]],
  ["https://a.example/v1/mcp/?tenant=7", ["/.well-known/x/v1/mcp", "/.well-known/x"]],
  ["https://a.example/", ["/.well-known/x"]],
])("finds the well-known paths of %s", (url, paths) => {
  expect(wellKnown(new URL(url), "x")).toEqual(paths);
});

test.each([
  ["https://a.example/mcp", true],
  ["https://a.example/mcp/", true],
  ["https://a.example", true],
  ["https://a.example/mc", false],
  ["https://a.example/other", false],
  ["http://a.example/mcp", false],
  ["https://b.example/mcp", false],
  ["/mcp", false],
])("metadata for %s cover https://a.example/mcp: %s", (resource, covers) => {
  expect(coversUrl(resource, new URL("https://a.example/mcp"))).toBe(covers);
});
