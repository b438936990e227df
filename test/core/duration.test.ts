import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, formatTime, parseDate, parseDuration, parseExpiry } from "../../src/core/duration.ts";

const NOW = Date.UTC(2026, 10, 23) / 1000;

test.each([
  ["90s", 90],
  ["15m", 900],
  ["24h", 86_400],
  ["30d", 2_592_000],
  ["12w", 7_257_600],
  ["0s", 0],
  [" 1h ", 3_600],
])("%j is %i seconds", (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test.each(["", "24", "h", "-1h", "1.5h", "1e3s", "5q", "1 h", "24H", "99999999999s", "101 years", "5300w", "1h\n2h"])(
  "%j is not a duration",
  (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
  },
);

test("an expiry is a duration from now, a date or never", () => {
  expect(parseExpiry("never", NOW)).toBeNull();
  expect(parseExpiry("1d", NOW)).toBe(NOW + 86_400);
  expect(parseExpiry("2027-03-01", NOW)).toBe(Date.UTC(2027, 2, 1) / 1000);
  expect(parseExpiry("2027-03-01T12:00:00Z", NOW)).toBe(Date.UTC(2027, 2, 1, 12) / 1000);
});

test.each([
  "0s",
  "2026-11-23",
  "2020-01-01",
  "tomorrow",
  "2027-02-30",
  "2027-13-01",
  "2027-3-1",
  "2027-03-01T12:00:00",
])("%j is not an expiry", (text) => {
  expect(() => parseExpiry(text, NOW)).toThrow(expect.objectContaining({ code: "USAGE" }));
});

test("parsing a formatted time returns the same time", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (at) => {
      expect(parseDate(formatTime(at))).toBe(at);
    }),
  );
});

test.each([
  [0, "0s"],
  [90, "90s"],
  [600, "10m"],
  [86_400, "24h"],
  [30 * 86_400, "30d"],
])("%i seconds are formatted as %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
  expect(parseDuration(text)).toBe(seconds);
});
