import fc from "fast-check";
import { expect, test } from "vitest";
import { digestToken } from "../../../src/core/digest.ts";
import type { Key } from "../../../src/core/key.ts";
import { KeysError } from "../../../src/errors.ts";
import { openMemoryStore } from "../../../src/stores/memory.ts";
import type { KeyStore } from "../../../src/stores/store.ts";
import { aVersion } from "../../fakes.ts";
import { aDraft, changesOf, keyNo, TORTURE } from "../place.ts";
import { shelves } from "./place.ts";

const aShelf = shelves();

/** One change of up to three keys. Numbers collide on purpose. */
interface Step {
  readonly keys: readonly { key: number; name: number; digest: number; stale: boolean; text: string }[];
  readonly at: number;
  readonly op: "generate" | "update" | "revoke" | "disable";
  readonly use: boolean;
}

const small = fc.integer({ min: 1, max: 5 });
const key = fc.record({
  key: small,
  name: small,
  digest: fc.integer({ min: 1, max: 8 }),
  stale: fc.constant(false),
  text: fc.string({ unit: "binary", maxLength: 6 }),
});
const step: fc.Arbitrary<Step> = fc.record({
  keys: fc.array(
    fc.oneof({ arbitrary: key, weight: 9 }, { arbitrary: key.map((each) => ({ ...each, stale: true })), weight: 1 }),
    { minLength: 1, maxLength: 3 },
  ),
  at: fc.constantFrom(1_000, 1_010, 1_100, 900),
  op: fc.constantFrom("generate", "update", "revoke", "disable"),
  use: fc.boolean(),
});

async function draftOf(store: KeyStore, { keys, at, op }: Step) {
  const drafted: Key[] = [];
  for (const { key: n, name, digest, stale, text } of keys) {
    const stored = await store.get(keyNo(n).id);
    const old = stored?.versions ?? [];
    drafted.push(
      keyNo(n, {
        ...{ name: `name-${name}`, note: text, tags: { text } },
        revision: (stored?.revision ?? 0) + (stale ? 1 : 0),
        versions: [...old, aVersion({ n: old.length + 1, digest: digestToken(`t${digest}`) })],
      }),
    );
  }
  return aDraft(drafted, { at, op });
}

const outcome = async (job: Promise<unknown>) =>
  job.then(
    (value) => value,
    (fault: unknown) =>
      fault instanceof KeysError ? { code: fault.code, message: fault.message } : Promise.reject(fault as Error),
  );

test("behaves like the memory store for any sequence of changes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const { open } = await aShelf();
      const [store, other, model] = [await open(), await open(), await openMemoryStore()];
      for (const [i, each] of steps.entries()) {
        const writer = i % 2 === 0 ? store : other;
        const draft = await draftOf(model, each);
        const [real, expected] = [await outcome(writer.write(draft)), await outcome(model.write(draft))];
        expect({ ...(real as object), epoch: "" }).toEqual({ ...(expected as object), epoch: "" });
        const uses = each.use ? draft.keys.map(({ id }) => ({ id, n: 1, at: each.at, server: "web-1" })) : [];
        await writer.touch(uses);
        await model.touch(uses);
      }
      for (const reader of [store, other, await open()]) {
        expect(await reader.list()).toEqual(await model.list());
        expect(await changesOf(reader)).toEqual(await changesOf(model));
        for (let n = 1; n <= 8; n++) {
          expect(await reader.find(digestToken(`t${n}`))).toEqual(await model.find(digestToken(`t${n}`)));
          expect(await reader.get(`name-${n}`)).toEqual(await model.get(`name-${n}`));
        }
        await reader.close();
      }
      const copy = await (await aShelf()).open();
      await copy.adopt(await changesOf(model));
      expect(await copy.list()).toEqual(
        (await model.list()).map((each) => ({
          ...each,
          versions: each.versions.map((version) => ({ ...version, lastUsedAt: null })),
        })),
      );
    }),
    { numRuns: TORTURE ? 300 : 10 },
  );
}, 120_000);
