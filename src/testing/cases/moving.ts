import { digestToken } from "../../core/digest.ts";
import type { Change } from "../../stores/store.ts";
import { has, rejects, same } from "../assertions.ts";
import { ifHas, type Cases } from "../contract-case.ts";
import { aDraft, changesOf, keyNo } from "../samples.ts";

/** A history of two keys, one of which is changed later by another author. */
const aHistory = (): Change[] => [
  { seq: 41, ...aDraft([{ ...keyNo(1), revision: 7 }], { op: "compact" }) },
  { seq: 42, ...aDraft([{ ...keyNo(2), revision: 1 }], { at: 1_001, version: 1, detail: "why" }) },
  { seq: 43, ...aDraft([{ ...keyNo(1, { enabled: false }), revision: 8 }], { op: "disable", at: 1_002, by: "bob" }) },
];

/** How a store takes over a history, and is removed. A store that persists nothing has neither method. */
export const movingCases: Cases = {
  "adopts the history of another store with seq from 1, and continues it": ifHas("adopt", async ({ store, again }) => {
    await store.adopt(aHistory());
    const reader = await again();
    same(
      await changesOf(reader),
      aHistory().map((change, i) => ({ ...change, seq: i + 1 })),
    );
    has(await reader.list(), [{ enabled: false, revision: 8 }, { name: "key-2" }]);
    has(await reader.find(digestToken("token 2")), { key: { name: "key-2" } });
    has(await reader.write(aDraft([keyNo(1, { revision: 8 })], { op: "enable" })), { seq: 4 });
    has(await store.get("key-1"), { enabled: true, revision: 9 });
  }),
  "adopts a history only if it has none, and ignores an empty one": ifHas("adopt", async ({ store }) => {
    await store.adopt([]);
    has(await store.snapshot(), { seq: 0, keys: [] });
    await store.write(aDraft([keyNo(3)]));
    await rejects(store.adopt(aHistory()), "STORE_CONFLICT");
    await store.adopt([]);
    same(
      (await store.list()).map(({ name }) => name),
      ["key-3"],
    );
  }),
  "is removed with all its files, unless it has newer changes": ifHas("remove", async ({ store, again }) => {
    await store.write(aDraft([keyNo(1)]));
    await store.touch([{ id: keyNo(1).id, n: 1, at: 500 }]);
    const end = { at: 2_000, by: "ada@laptop", detail: "to another store" };
    for (const seq of [0, 2]) {
      await rejects(store.remove({ ...end, seq }), "STORE_CONFLICT");
    }
    same((await store.list()).length, 1);
    await store.remove({ ...end, seq: 1 });
    const reader = await again();
    has(await reader.snapshot(), { seq: 0, keys: [] });
    await reader.remove({ ...end, seq: 0 });
    has(await reader.write(aDraft([keyNo(1)])), { seq: 1 });
    same((await reader.get("key-1"))?.versions[0]?.lastUsedAt, null);
  }),
};
