import { expect, test } from "vitest";
import { formatRate, parseRate, rateFlag } from "../../../src/probe/mcp/request-rate.ts";
import { formatRoughTime } from "../../../src/probe/mcp/rough-time.ts";

test.each([
  ["20", 20],
  ["0.2", 0.2],
  [".5", 0.5],
  ["12/m", 0.2],
  ["12/s", 12],
  ["36/h", 0.01],
  [" 1 ", 1],
  ["1000", 1000],
])("reads --rate %s", (text, rate) => {
  expect(parseRate(text)).toBeCloseTo(rate, 10);
});

test.each(["", "0", "0/m", "1001", "61000/m", "0.0001", "-1", "1e3", "1/d", "many", "1,5", "1 / m", "Infinity", "NaN"])(
  "refuses --rate %j",
  (text) => {
    expect(() => parseRate(text)).toThrow(
      expect.objectContaining({ code: "USAGE", hint: "for example: --rate 20, --rate 0.2 or --rate 12/m" }),
    );
  },
);

test.each([
  [20, "20 a second", "20"],
  [1, "1 a second", "1"],
  [1.5, "90 a minute", "90/m"],
  [0.2, "12 a minute", "12/m"],
  [0.1999, "11 a minute", "11/m"],
  [1 / 60, "1 a minute", "1/m"],
  [0.01, "36 an hour", "36/h"],
  [1 / 4000, "1 an hour", "1/h"],
])("writes a rate of %d as %s and as the flag %s", (rate, text, flag) => {
  expect(formatRate(rate)).toBe(text);
  expect(rateFlag(rate)).toBe(flag);
  expect(parseRate(flag)).toBeLessThanOrEqual(Math.max(rate, 1 / 3600) + 1e-9);
});

test("writes a time in seconds or minutes", () => {
  expect([0.2, 1, 41, 130, 480].map(formatRoughTime)).toEqual([
    "1 second",
    "1 second",
    "41 seconds",
    "3 minutes",
    "8 minutes",
  ]);
});
