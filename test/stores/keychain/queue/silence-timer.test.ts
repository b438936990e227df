import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { paceOf } from "../../../../src/stores/keychain/queue/load.ts";
import { Silence, TICK_MS } from "../../../../src/stores/keychain/queue/silence-timer.ts";
import type { Doing } from "../../../../src/stores/keychain/queue/silence-timer.ts";
import type { Beat } from "../../../../src/stores/keychain/queue/lock-socket.ts";
import { RUNS } from "../../../arbitraries.ts";

const full = () => 1;

function after(ticks: readonly (readonly [Doing, Beat | null])[], pace = full): Silence {
  const silence = new Silence();
  for (const [doing, heard] of ticks) silence.tick(doing, heard, pace);
  return silence;
}

function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

describe("silence", () => {
  test("is counted while the keychain owes an answer, and not while nobody asks it", () => {
    expect(after(times(5, ["asking", null] as const)).ms).toBe(5 * TICK_MS);
    expect(after(times(5, ["working", null] as const)).ms).toBe(0);
    expect(after(times(5, ["waiting", null] as const)).ms).toBe(5 * TICK_MS);
    expect(after(times(5, ["waiting", "at work"] as const)).ms).toBe(0);
    // It is no answer to what was asked that another does not ask.
    expect(after(times(5, ["asking", "at work"] as const)).ms).toBe(5 * TICK_MS);
  });

  test("ends with an answer, whoever got it, and whatever is being done", () => {
    for (const doing of ["waiting", "working", "asking"] as const) {
      const silence = after([...times(9, ["asking", null] as const), [doing, "answered"]]);
      expect(silence.ms).toBe(0);
      expect(silence.owed).toBeGreaterThanOrEqual(9 * TICK_MS);
      silence.end();
      expect(silence.owed).toBe(0);
    }
  });

  test("does not begin between two beats that are a little apart", () => {
    const apart = [
      ["waiting", "at work"],
      ["waiting", null],
    ] as const;
    expect(after([...apart, ...apart, ...apart]).ms).toBe(0);
    expect(after([...apart, ["waiting", null]]).ms).toBe(TICK_MS);
  });

  test("counts for less where far more want to run than can", () => {
    expect(after(times(10, ["asking", null] as const), () => 0.1).ms).toBeCloseTo(TICK_MS);
    expect(after(times(10, ["asking", null] as const), () => 0.1).owed).toBe(10 * TICK_MS);
  });

  test("is over after a minute, whatever strangers say and however busy the machine is", () => {
    const anything = fc.record({
      doing: fc.constantFrom<Doing>("waiting", "asking"),
      heard: fc.constantFrom<(Beat | null)[]>("answered", "at work", null),
      pace: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(anything, { minLength: 60_000 / TICK_MS, maxLength: 700 }), (ticks) => {
        const silence = new Silence();
        for (const { doing, heard, pace } of ticks) silence.tick(doing, heard, () => pace);
        expect(silence.isOver(2_600)).toBe(true);
      }),
      { numRuns: RUNS.some / 10 },
    );
  });

  test("is over in time where nothing was heard but who is at work, however the ticks lie", () => {
    const ticks = fc.array(fc.constantFrom<(Beat | null)[]>("at work", null), { maxLength: 100 });
    fc.assert(
      fc.property(ticks, (heard) => {
        const silence = after([
          ...heard.map((beat) => ["waiting", beat] as const),
          ...times(27, ["waiting", null] as const),
        ]);
        expect(silence.isOver(2_600)).toBe(true);
      }),
      { numRuns: RUNS.some },
    );
  });
});

test.each([
  ["0.50 0.40 0.30 1/234 4711", 2, 1],
  ["9.00 0.40 0.30 16/234 4711", 2, 1],
  ["0.50 0.40 0.30 32/234 4711", 2, 0.5],
  ["0.50 0.40 0.30 160/234 4711", 16, 0.8],
  ["0.50 0.40 0.30 900/1234 4711", 2, 0.25],
  ["0.50 0.40 0.30 2/234 4711", 0, 1],
  ["0.50 0.40 0.30 0/0 0", 2, 1],
  ["", 2, 1],
])("where %o is said of %i processors, a process gets along at %d of its pace", (loadavg, processors, pace) => {
  expect(paceOf(loadavg, processors)).toBeCloseTo(pace);
});
