import { expect, onTestFinished, test } from "vitest";
import { createKeyIndex } from "../../../src/server/key-index/key-index.ts";
import { EndWatch } from "../../../src/server/verifier/end-watch.ts";
import { aKey, aVersion } from "../../fakes.ts";

const NOW = 1_800_000_000;

/** Watches an index with one key that ends at `expiresAt`. */
function watchOne(expiresAt: number) {
  const index = createKeyIndex([]);
  const keyEndingAt = (end: number, id = "7Fq2x9Lm0aBc") =>
    aKey({ id, name: id, versions: [aVersion({ digest: `sha256:${id.slice(0, 1).repeat(64)}`, expiresAt: end })] });
  index.put(keyEndingAt(expiresAt));
  const clock = { now: NOW };
  const reported: string[] = [];
  const watch = new EndWatch({
    index: () => index,
    now: () => clock.now,
    report: ({ name, reason }) => reported.push(`${name} ${reason}`),
  });
  onTestFinished(() => watch.stop());
  const searched = async () => {
    for (let i = 0; i < 3; i++) await new Promise(setImmediate);
  };
  return { watch, clock, reported, keyEndingAt, searched };
}

test("an end that a change brought forward is reported once, also before the search has reached the key", async () => {
  const { watch, clock, reported, keyEndingAt, searched } = watchOne(NOW + 600);
  clock.now += 1;
  watch.put([keyEndingAt(NOW + 1)]);
  await searched();
  expect(reported).toEqual(["7Fq2x9Lm0aBc expired"]);
});

test("a key that is written during the search and ends later is reported when it ends", async () => {
  const { watch, clock, reported, keyEndingAt, searched } = watchOne(NOW + 600);
  watch.put([keyEndingAt(NOW + 2), keyEndingAt(NOW + 3, "8Fq2x9Lm0aBc")]);
  await searched();
  expect(reported).toEqual([]);
  clock.now += 2;
  watch.put([]);
  expect(reported).toEqual(["7Fq2x9Lm0aBc expired"]);
  clock.now += 1;
  watch.put([]);
  expect(reported).toEqual(["7Fq2x9Lm0aBc expired", "8Fq2x9Lm0aBc expired"]);
});

test("a new key that is over when it is written has not ended", async () => {
  const { watch, clock, reported, keyEndingAt, searched } = watchOne(NOW + 600);
  clock.now += 5;
  watch.put([keyEndingAt(NOW + 1, "8Fq2x9Lm0aBc")]);
  await searched();
  expect(reported).toEqual([]);
});
