import fc from "fast-check";
import { expect, test } from "vitest";
import { LONGEST_MS, QuietTimer, TICK_MS } from "../../../../src/stores/keychain/queue/quiet-timer.ts";
import { RUNS } from "../../../arbitraries.ts";

function after(...ticks: readonly boolean[]): QuietTimer {
  const timer = new QuietTimer();
  for (const isAlive of ticks) timer.tick(isAlive);
  return timer;
}

test("counts the time without an answer", () => {
  expect(after(false, false, false)).toMatchObject({ quiet: 3 * TICK_MS, total: 3 * TICK_MS });
});

test("starts over when another process gets an answer, but not in total", () => {
  expect(after(false, false, true)).toMatchObject({ quiet: 0, total: 3 * TICK_MS });
  expect(after(false, true, false)).toMatchObject({ quiet: TICK_MS, total: 3 * TICK_MS });
});

test("starts over in total when this process gets an answer", () => {
  const timer = after(false, true, false);
  timer.reset();
  expect(timer).toMatchObject({ quiet: 0, total: 0 });
});

test("is over after a minute, even with heartbeats", () => {
  const ticks = fc.array(fc.boolean(), { minLength: LONGEST_MS / TICK_MS, maxLength: 700 });
  fc.assert(
    fc.property(ticks, (heard) => {
      expect(after(...heard).isOver(2_600)).toBe(true);
    }),
    { numRuns: RUNS.some / 10 },
  );
});

test("is over in time once heartbeats stop", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 100 }), (heard) => {
      const quiet = Array.from({ length: 26 }, () => false);
      expect(after(...heard, ...quiet).isOver(2_600)).toBe(true);
      expect(after(...heard, true, ...quiet.slice(1)).isOver(2_600)).toBe(false);
    }),
    { numRuns: RUNS.some },
  );
});
