import { describe, expect, test } from "vitest";
import { findRepeated } from "../../../src/server/guard/head-flaw.ts";
import { adapters } from "./adapters.ts";
import { startGuarded } from "./guarded.ts";

/** Headers that a request may have once, with a value that the guard accepts. */
const SINGLE = [
  ["Host", "mcp.example"],
  ["Origin", "http://127.0.0.1"],
  ["Content-Type", "application/json"],
  ["Mcp-Session-Id", "3f2a"],
  ["MCP-Protocol-Version", "2025-11-25"],
  ["Mcp-Method", "tools/call"],
  ["Mcp-Name", "read"],
  ["Last-Event-ID", "7"],
] as const;
/** May be any text, so with `fetch` one value with a comma looks the same as two headers; every reader gets the same value. */
const FREE_TEXT = ["Mcp-Name", "Last-Event-ID"];

describe.each(Object.keys(adapters))("%s", (name) => {
  const isFetch = name === "fetch" || name === "hono";

  test("answers 400 to a repeated header that the guard or the server decides by, and logs its name", async () => {
    const { ask, key, lines } = await startGuarded(name, {});
    for (const [header, value] of SINGLE) {
      // Over HTTP, the client of this test has set `Host` already.
      const once = header === "Host" && !isFetch ? [] : [header, value];
      const first = await ask({ headers: [...key, ...once] });
      expect([header, first.status]).toEqual([header, 200]);
      if (isFetch && FREE_TEXT.includes(header)) continue;
      for (const second of [
        [header, value],
        [header.toUpperCase(), `${value}2`],
        [header.toLowerCase(), ""],
      ]) {
        const got = await ask({ headers: [...key, ...once, "X-Between", "1", ...second] });
        expect([second, got.status, got.auth, got.received]).toEqual([second, 400, null, null]);
        const description = `The request contains more than one ${header}; send only one`;
        expect(JSON.parse(got.body)).toEqual({ error: "invalid_request", error_description: description });
      }
    }
    expect(lines).toContain("mcp-keys: refused (malformed): Origin more than once");
  });

  test("answers 400 to a value that was joined from two headers on the way", async () => {
    const { ask, key } = await startGuarded(name, {});
    for (const [header, value] of SINGLE) {
      if (FREE_TEXT.includes(header) || (header === "Host" && !isFetch)) continue;
      const got = await ask({ headers: [...key, header, `${value}, ${value}`] });
      expect([header, got.status]).toEqual([header, 400]);
    }
  });

  test.each([
    ["a comma in a quoted parameter", ["Content-Type", 'application/json; profile="a, b"']],
    ["a comma in a session id", ["Mcp-Session-Id", "a,b"]],
    ["a comma in the name of a prompt", ["Mcp-Name", "Hello, world"]],
    ["a comma in an event id", ["Last-Event-ID", "stream, 7"]],
    ["repeated lists", ["Accept", "application/json", "Accept", "text/event-stream", "Vary", "a", "Vary", "b"]],
    [
      "repeated headers of proxies",
      ["Via", "1.1 a", "Via", "1.1 b", "X-Forwarded-For", "::1", "X-Forwarded-For", "::2"],
    ],
    ["repeated cookies", ["Cookie", "a=1", "Cookie", "b=2"]],
  ])("accepts %s", async (_, headers) => {
    const { ask, key } = await startGuarded(name, {});
    expect(await ask({ headers: [...key, ...headers] })).toMatchObject({ status: 200 });
  });
});

test.each([
  ["escaped quotes", `,"${'\\"'.repeat(40_000)}`],
  ["quoted texts", `${'"a,b"'.repeat(50_000)},`],
  ["a backslash at the end", `,"${'\\"'.repeat(40_000)}\\`],
  ["a quote that is never closed", `a;b="${",".repeat(200_000)}`],
])("judges a Content-Type with %s in linear time", (_, value) => {
  const start = performance.now();
  expect(findRepeated(["Content-Type", value])?.response.status).toBe(400);
  expect(performance.now() - start).toBeLessThan(1_500);
});
