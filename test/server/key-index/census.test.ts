import fc from "fast-check";
import { expect, test } from "vitest";
import { digestToken } from "../../../src/core/digest.ts";
import { keyEnd, keyStatus } from "../../../src/core/status.ts";
import type { Key, Version } from "../../../src/core/key.ts";
import { createKeyIndex } from "../../../src/server/key-index/key-index.ts";
import { RUNS } from "../../arbitraries.ts";
import { aKey, aVersion } from "../../fakes.ts";

const NOW = 1_800_000_000;
const DAY = 86_400;

const times = fc.constantFrom(NOW - DAY, NOW, NOW + 1, NOW + 14 * DAY - 1, NOW + 14 * DAY, NOW + 400 * DAY);
const versions: fc.Arbitrary<Partial<Version>> = fc
  .record({
    state: fc.constantFrom("pending", "current", "retiring", "retired", "revoked"),
    expiresAt: fc.option(times),
    ends: times,
  })
  .map(({ state, expiresAt, ends }) => ({ state, expiresAt, ...(state === "retiring" && { retiresAt: ends }) }));
const keys: fc.Arbitrary<Key[]> = fc
  .array(fc.record({ enabled: fc.boolean(), versions: fc.array(versions, { minLength: 1, maxLength: 4 }) }), {
    maxLength: 12,
  })
  .map((all) =>
    all.map(({ enabled, versions: some }, i) => {
      const id = `key${String(i).padStart(9, "0")}`;
      const numbered = some.map((each, n) =>
        aVersion({ ...each, n: n + 1, digest: digestToken(`${id} ${String(n)}`) }),
      );
      return aKey({ id, name: id, enabled, versions: numbered });
    }),
  );

test("counts as keyStatus does, with the next end of an enabled key, in steps of any size", () => {
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 9 }), (all, rows) => {
      const index = createKeyIndex([]);
      for (const key of all) index.put({ ...key, versions: key.versions.slice(0, 1) });
      for (const key of all) index.put(key);
      const census = index.census(NOW);
      for (let i = 0; i < 200 && !census.step(rows); i++);
      expect(census.step(1)).toBe(true);
      const counts = { active: 0, expiring: 0, expired: 0, disabled: 0, revoked: 0 };
      let next = Infinity;
      for (const key of all) {
        counts[keyStatus(key, NOW)]++;
        if (key.enabled) next = Math.min(next, keyEnd(key, NOW) ?? Infinity);
      }
      expect([census.counts, census.nextEnd]).toEqual([counts, next]);
    }),
    { numRuns: RUNS.some },
  );
});
