import { expect, test } from "vitest";
import { readAnnouncedLimit, readRetryAfter } from "../../../src/probe/mcp/limit-headers.ts";

const DATE = "Thu, 01 Jan 2026 00:00:00 GMT";
const SECONDS = Date.parse(DATE) / 1000;

function having(headers: Record<string, string>) {
  return { headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])) };
}

test.each([
  [{ ratelimit: "limit=10, remaining=4, reset=50" }, { remaining: 4, resetMs: 50_000 }],
  [{ ratelimit: '"default";r=4;t=50' }, { remaining: 4, resetMs: 50_000 }],
  [
    { "ratelimit-remaining": "0", "ratelimit-reset": "1" },
    { remaining: 0, resetMs: 1000 },
  ],
  [{ "x-ratelimit-remaining": "3" }, { remaining: 3, resetMs: null }],
  [
    { "x-ratelimit-remaining": "3", "x-ratelimit-reset": String(SECONDS + 20), date: DATE },
    { remaining: 3, resetMs: 20_000 },
  ],
  [
    { "x-ratelimit-remaining": "3", "x-ratelimit-reset": String((SECONDS + 20) * 1000), date: DATE },
    { remaining: 3, resetMs: 20_000 },
  ],
  [
    { "x-ratelimit-remaining": "3", "x-ratelimit-reset": String(SECONDS + 20) },
    { remaining: 3, resetMs: null },
  ],
  [{ "x-ratelimit-remaining": "many" }, null],
  [{ ratelimit: "remaining=many" }, null],
  [{}, null],
])("reads %j", (headers, expected) => {
  expect(readAnnouncedLimit(having(headers))).toEqual(expected);
});

test.each([
  ["2", 2000],
  [" 2 ", 2000],
  ["soon", null],
  ["-1", null],
  ["Thu, 01 Jan 2026 00:00:05 GMT", 5000],
  ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
])("reads Retry-After: %s", (value, expected) => {
  expect(readRetryAfter(having({ "retry-after": value, date: DATE }))).toBe(expected);
});
