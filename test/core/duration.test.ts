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

test("a duration of more than a hundred years is refused as too long", () => {
  const fault = { message: "36501d is longer than a hundred years", hint: "use 36500d or less" };
  expect(() => parseDuration("36501d")).toThrow(expect.objectContaining(fault));
  expect(() => parseExpiry("36501d", NOW)).toThrow(expect.objectContaining(fault));
});

test("an expiry is a duration from now, a date or never", () => {
  expect(parseExpiry("never", NOW)).toBeNull();
  expect(parseExpiry("1d", NOW)).toBe(NOW + 86_400);
  expect(parseExpiry("2027-03-01", NOW)).toBe(Date.UTC(2027, 2, 1) / 1000);
  expect(parseExpiry("2027-03-01T12:00:00Z", NOW)).toBe(Date.UTC(2027, 2, 1, 12) / 1000);
});

test.each([
  ["2027-03-01T12:00:00.123Z", 12],
  ["2027-03-01T12:00:00.999999999Z", 12],
  ["2027-03-01T12:00:00+02:00", 10],
  ["2027-03-01T06:30:00-05:30", 12],
  ["2027-03-01t12:00:00z", 12],
  ["2027-03-01 12:00:00Z", 12],
  [" 2027-03-01T00:00:00Z ", 0],
])("%j is a time", (text, hour) => {
  expect(parseDate(text)).toBe(Date.UTC(2027, 2, 1, hour) / 1000);
});

test.each([
  ["2027-03-01T12:00:00", "write the seconds and the time zone"],
  ["2027-03-01T12:00Z", "use 2027-03-01"],
  ["2027-03-01T12:00", "write the seconds and the time zone"],
  ["2027-03-01T24:00:00Z", "use 2027-03-01"],
  ["2027-03-01T23:59:60Z", "use 2027-03-01"],
  ["2027-03-01T12:00:00+24:00", "use 2027-03-01"],
  ["2027-03-01T12:00:00+0200", "use 2027-03-01"],
  ["9999-12-31T23:59:59-01:00", "use 2027-03-01"],
])("%j is no time, and the hint names the form", (text, hint) => {
  const fault = { code: "USAGE", hint: expect.stringContaining(hint) as string };
  expect(() => parseDate(text)).toThrow(expect.objectContaining(fault));
  expect(() => parseExpiry(text, NOW)).toThrow(expect.objectContaining(fault));
});

test.each([
  ["1y", "for 1y write 365d; "],
  ["6mo", "for 6mo write 180d; "],
  ["6M", "for 6M write 180d; "],
  ["6 months", "for 6 months write 180d; "],
  ["+24h", "for +24h write 24h; "],
  ["24H", "for 24H write 24h; "],
  ["90 d", "for 90 d write 90d; "],
  ["90days", "for 90days write 90d; "],
  ["5 min", "for 5 min write 5m; "],
  ["90", "add a unit, such as 90s for seconds or 90d for days; "],
  ["5300w", "use "],
  ["1.5h", "use "],
  ["-1h", "use "],
  ["soon", "use "],
])("the hint for %j starts with %j", (text, start) => {
  const fault = { code: "USAGE", hint: expect.stringMatching(new RegExp(`^${start.replace("+", "\\+")}`)) as string };
  expect(() => parseDuration(text)).toThrow(expect.objectContaining(fault));
  expect(() => parseExpiry(text, NOW)).toThrow(expect.objectContaining(fault));
});

test("any text is a duration, an expiry or a usage error", () => {
  const text = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[+-]?\d{0,12} ?[A-Za-z]{0,7}$/),
    fc.stringMatching(/^\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,4})?([Zz]|[+-]\d{2}:\d{2})?)?$/),
  );
  fc.assert(
    fc.property(text, (each) => {
      for (const parse of [parseDuration, (given: string) => parseExpiry(given, NOW)]) {
        try {
          const parsed = parse(each);
          expect(parsed === null || (Number.isInteger(parsed) && parsed >= 0)).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: "USAGE" });
        }
      }
    }),
    { numRuns: 2_000 },
  );
});

test("a time means the same with any fraction and any offset", () => {
  const offsets = fc.tuple(fc.constantFrom(1, -1), fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }));
  const padded = (n: number): string => String(n).padStart(2, "0");
  fc.assert(
    fc.property(
      fc.integer({ min: 86_400, max: 253_402_200_000 }),
      fc.integer({ min: 0, max: 999 }),
      offsets,
      (at, ms, [sign, hours, minutes]) => {
        const local = formatTime(at + sign * (hours * 3_600 + minutes * 60)).slice(0, -1);
        expect(parseDate(`${local}.${String(ms)}${sign < 0 ? "-" : "+"}${padded(hours)}:${padded(minutes)}`)).toBe(at);
      },
    ),
  );
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
