import { expect, test } from "vitest";
import { DelayWatch } from "../../../src/probe/mcp/delay-watch.ts";

/** A watch that has seen the usual delay: 10 ms. */
function aWatch(): DelayWatch {
  const watch = new DelayWatch();
  for (let at = 0; at < 5; at++) expect(watch.note(at * 100, at * 100 + 10)).toBe(false);
  return watch;
}

test("notices answers that take longer, one after the other or in waves", () => {
  const watch = aWatch();
  for (let i = 0; i < 4; i++) expect(watch.note(1_000 * i, 1_000 * i + 900)).toBe(false);
  expect(watch.note(4_000, 4_900)).toBe(true);
  expect(watch.hasGrown).toBe(true);
  const waves = aWatch();
  for (let i = 0; i < 20; i++) expect(waves.note(1_000, 2_000 + i)).toBe(false);
  expect(waves.note(2_001, 3_000)).toBe(true);
});

test("one pause that many requests wait for is no limit", () => {
  const watch = aWatch();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 20; i++) expect(watch.note(10_000 * round + i, 10_000 * round + 2_000)).toBe(false);
    expect(watch.note(10_000 * round + 3_000, 10_000 * round + 3_010)).toBe(false);
  }
  expect(watch.hasGrown).toBe(false);
});
