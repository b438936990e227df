import fc from "fast-check";
import { expect, test } from "vitest";
import { digestToken } from "../../../../src/core/digest.ts";
import { isIndex, LineIndexDraft, linesWith } from "../../../../src/stores/journal/read/line-index.ts";
import { RUNS } from "../../../arbitraries.ts";
import { keyNo } from "../../place.ts";

const EMPTY = new LineIndexDraft().finish();

test("finds each line with a key by id, name and digest, the last one first", () => {
  const line = fc.record({
    keys: fc.array(fc.nat(20), { maxLength: 3 }),
    length: fc.integer({ min: 1, max: 2 ** 34 }),
  });
  const property = fc.property(fc.array(line, { maxLength: 40 }), fc.nat(40), (lines, cut) => {
    const wanted = new Map<number, number[]>();
    let offset = 1;
    const placed = lines.map(({ keys, length }) => {
      const at = offset % 2 ** 36;
      offset += length;
      return { at, numbers: [...new Set(keys)] };
    });
    placed.sort((a, b) => a.at - b.at);
    const earlier = new LineIndexDraft();
    placed.slice(0, cut).forEach(({ at, numbers }) => {
      earlier.add(
        numbers.map((n) => keyNo(n)),
        at,
      );
    });
    const draft = new LineIndexDraft(earlier.finish());
    placed.slice(cut).forEach(({ at, numbers }) => {
      draft.add(
        numbers.map((n) => keyNo(n)),
        at,
      );
    });
    for (const { at, numbers } of placed) {
      for (const n of numbers) wanted.set(n, [at, ...(wanted.get(n) ?? [])]);
    }
    const index = draft.finish();
    expect(isIndex(index)).toBe(true);
    for (let n = 0; n <= 20; n++) {
      const expected = wanted.get(n) ?? [];
      expect([...linesWith(index, "id", keyNo(n).id)]).toEqual(expected);
      expect([...linesWith(index, "name", `key-${n}`)]).toEqual(expected);
      expect([...linesWith(index, "digest", digestToken(`token ${n}`))]).toEqual(expected);
    }
  });
  fc.assert(property, { numRuns: RUNS.some });
});

test("few lines are in vain among many keys", () => {
  const draft = new LineIndexDraft();
  for (let n = 0; n < 50_000; n++) draft.add([{ ...keyNo(n), versions: [] }], n * 600);
  const index = draft.finish();
  expect(index.length).toBe(100_000 * 8);
  let vain = 0;
  for (let n = 50_000; n < 100_000; n++) vain += [...linesWith(index, "name", `key-${n}`)].length;
  // 100,000 entries and 2^28 hashes: 19 for 50,000 searches.
  expect(vain).toBeLessThan(100);
});

test("an empty index has no lines, and bytes of another length are no index", () => {
  expect([...linesWith(EMPTY, "name", "ci")]).toEqual([]);
  expect(isIndex(EMPTY)).toBe(true);
  expect(isIndex(Buffer.alloc(12))).toBe(false);
});
