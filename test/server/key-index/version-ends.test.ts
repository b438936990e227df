import fc from "fast-check";
import { expect, test } from "vitest";
import { digestToken } from "../../../src/core/digest.ts";
import { endOf, isUsable } from "../../../src/core/judge.ts";
import type { Key, Version } from "../../../src/core/key.ts";
import { createKeyIndex } from "../../../src/server/key-index/key-index.ts";
import { aKey, aVersion } from "../../fakes.ts";

const NOW = 1_800_000_000;
const HOUR = 3_600;

const idOf = (i: number) => String(i).padStart(12, "0");
const versionOf = (i: number, n: number, change: Partial<Version>) =>
  aVersion({ n, digest: digestToken(`${String(i)} ${String(n)}`), ...change });

const time = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 4 * HOUR })).map((at) => NOW + at);
const version = fc.oneof(
  fc.record({ expiresAt: fc.option(time) }),
  fc.record({ state: fc.constant<Version["state"]>("retiring"), retiresAt: time, expiresAt: fc.option(time) }),
  fc.constant<Partial<Version>>({ state: "revoked", reason: "other" }),
);
const key = fc.record({
  i: fc.integer({ min: 0, max: 5 }),
  enabled: fc.boolean(),
  versions: fc.array(version, { minLength: 1, maxLength: 2 }),
});
type Step =
  { put: { i: number; enabled: boolean; versions: Partial<Version>[] } } | { pass: number } | { rows: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ put: key }),
  fc.record({ pass: fc.oneof(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: HOUR / 2 })) }),
  fc.record({ rows: fc.integer({ min: 1, max: 3 }) }),
);

test("finds each version that ends as time passes, once, and no other", () => {
  fc.assert(
    fc.property(fc.array(key, { maxLength: 6 }), fc.array(step, { maxLength: 40 }), (first, steps) => {
      const index = createKeyIndex([]);
      const model = new Map<number, Key>();
      const put = ({ i, enabled, versions: all }: (typeof first)[number]) => {
        const versions = all.map((each, at) => versionOf(i, at + 1, each));
        // Versions of a key are never removed.
        for (let n = versions.length + 1; n <= (model.get(i)?.versions.length ?? 0); n++) {
          versions.push(versionOf(i, n, { state: "revoked" }));
        }
        const written = aKey({ id: idOf(i), name: `k${String(i)}`, enabled, versions });
        model.set(i, written);
        index.put(written);
      };
      const finish = () => {
        while (index.ends.isSearching) index.ends.collect(3);
      };
      first.forEach(put);
      let now = NOW;
      index.ends.start(now);
      finish();
      for (const each of [...steps, { pass: 5 * HOUR }, { pass: 1 }]) {
        if ("put" in each) {
          // As the verifier does: what ended before a change is taken first.
          expect(index.ends.take(now)).toEqual([]);
          put(each.put);
        } else if ("rows" in each) {
          index.ends.collect(each.rows);
        } else {
          const before = now;
          now += each.pass;
          const expected = [...model.values()].flatMap(({ id, enabled, versions }) =>
            versions
              .filter((one) => enabled && isUsable(one, before) && endOf(one) <= now)
              .map(({ n }) => `${id} ${String(n)}`),
          );
          const found = index.ends.take(now);
          // A jump beyond the next hour is searched for.
          finish();
          found.push(...index.ends.take(now));
          expect(found.map(({ key: { id }, n }) => `${id} ${String(n)}`).sort()).toEqual(expected.sort());
        }
      }
    }),
    { numRuns: process.env["MCP_KEYS_TORTURE"] === "1" ? 20_000 : 500 },
  );
});

test("starts again with what has not ended yet when the clock goes back or has failed", () => {
  const index = createKeyIndex([]);
  index.put(aKey({ versions: [versionOf(1, 1, { expiresAt: NOW + 10 })] }));
  const names = (now: number) => {
    const before = index.ends.take(now);
    while (index.ends.isSearching) index.ends.collect(1);
    return [...before, ...index.ends.take(now)].map(({ key: { name } }) => name);
  };
  expect(names(NOW + 60)).toEqual([]);
  index.ends.start(NaN);
  expect(names(NaN)).toEqual([]);
  expect(names(NOW)).toEqual([]);
  expect(names(NOW + 10)).toEqual(["ci"]);
  expect(names(NOW + 20)).toEqual([]);
  expect(names(NOW + 5)).toEqual([]);
  expect(names(NOW + 10)).toEqual(["ci"]);
  index.ends.stop();
  expect(names(NOW + 9)).toEqual([]);
  expect(names(NOW + 10)).toEqual([]);
});
