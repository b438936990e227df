import type { Key } from "../../core/key.ts";
import type { Operation } from "../../stores/store.ts";
import { differs, has, rejects, same } from "../assertions.ts";
import { ifHas, type Cases } from "../contract-case.ts";
import { aDraft, changesOf, keyNo } from "../samples.ts";

/** Longer than the poll interval of any store. */
const WAKE_WITHIN_MS = 10_000;

/** Everything but `revoke` and `disable`, which must work whatever the clock says. */
const NEED_A_CLOCK: readonly Operation[] = [
  ...(["generate", "stage", "promote", "finish", "abort", "enable", "update", "import", "migrate"] as const),
];

/** How a store applies drafts and tells others. */
export const writeCases: Cases = {
  "returns the applied change": async ({ store }) => {
    const change = await store.write(aDraft([keyNo(1)], { detail: "why" }));
    const { epoch, ...expected } = change;
    same(expected, { ...aDraft([{ ...keyNo(1), revision: 1 }]), seq: 1, detail: "why" });
    same(await store.position(), { epoch, seq: 1 });
    same(await changesOf(store), [expected]);
  },
  "rejects a stale revision and writes nothing": async ({ store }) => {
    await store.write(aDraft([keyNo(1)]));
    for (const key of [keyNo(1), keyNo(1, { revision: 2 }), keyNo(3, { revision: 1 })]) {
      await rejects(store.write(aDraft([keyNo(2), key])), "STORE_CONFLICT");
    }
    has(await store.snapshot(), { seq: 1, keys: [{ ...keyNo(1), revision: 1 }] });
  },
  "rejects a time more than a minute before the history, unless the draft revokes, disables or is a copy": async ({
    store,
    again,
  }) => {
    await store.write(aDraft([keyNo(1)], { at: 10_000 }));
    await store.write(aDraft([keyNo(2)], { at: 9_940 }));
    const writer = await again();
    for (const op of NEED_A_CLOCK) {
      const draft = aDraft([keyNo(3, { prefix: "opaque" })], { at: 9_939, op });
      await rejects(writer.write(draft), "CLOCK_BEHIND");
    }
    same((await writer.list()).length, 2);
    await writer.write(aDraft([keyNo(1, { revision: 1 })], { at: 1, op: "revoke" }));
    await writer.write(aDraft([keyNo(2, { revision: 1 })], { at: 2, op: "disable" }));
    await writer.write(aDraft([keyNo(3)], { at: 3, isCopy: true }));
    same(
      (await changesOf(writer)).map(({ at }) => at),
      [10_000, 9_940, 1, 2, 3],
    );
  },
  "returns the changes after a seq in order": async ({ store }) => {
    for (let n = 1; n <= 5; n++) await store.write(aDraft([keyNo(n)]));
    same(
      (await changesOf(store, 2)).map(({ seq }) => seq),
      [3, 4, 5],
    );
    same(await changesOf(store, 5), []);
    same(await changesOf(store, 50), []);
    same((await store.snapshot()).seq, 5);
  },
  "loads what a snapshot has, the last state of a key last": ifHas("load", async ({ store, again }) => {
    await store.write(aDraft([keyNo(1), keyNo(2)]));
    await store.write(aDraft([keyNo(1, { revision: 1, note: "changed" })], { op: "update" }));
    await store.touch([{ id: keyNo(2).id, n: 1, at: 500 }]);
    for (const reader of [store, await again()]) {
      const { keys, ...position } = await reader.snapshot();
      const loaded = new Map<string, Key>();
      same(await reader.load((key) => loaded.set(key.id, key)), position);
      same([...loaded.values()], keys);
    }
    await store.write(aDraft([keyNo(3)]));
    same((await store.list()).length, 3);
  }),
  "keeps all concurrent writes of one process": async ({ store }) => {
    await Promise.all(Array.from({ length: 20 }, (_, n) => store.write(aDraft([keyNo(n)]))));
    same((await store.list()).length, 20);
    same(
      (await changesOf(store)).map(({ seq }) => seq),
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  },
  "fails one of two concurrent changes to a revision": async ({ store }) => {
    await store.write(aDraft([keyNo(1)]));
    const results = await Promise.allSettled(
      ["a", "b"].map((note) => store.write(aDraft([keyNo(1, { revision: 1, note })]))),
    );
    same(results.filter(({ status }) => status === "fulfilled").length, 1);
    has(
      results.find(({ status }) => status === "rejected"),
      { reason: { code: "STORE_CONFLICT" } },
    );
  },
  "wakes a watcher after a write, but not after it stopped": async ({ store }) => {
    let wakes = 0;
    let woken = () => {};
    const first = new Promise<void>((resolve, reject) => {
      woken = resolve;
      setTimeout(reject, WAKE_WITHIN_MS, new Error("the watcher was not woken")).unref();
    });
    const stop = await store.watch(() => {
      wakes++;
      woken();
    });
    await store.write(aDraft([keyNo(1)]));
    await first;
    stop();
    const before = wakes;
    await store.write(aDraft([keyNo(2)]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    same(wakes, before);
  },
  "sees the writes of another process at once": async ({ store, again }) => {
    const other = await again();
    await store.write(aDraft([keyNo(1)]));
    differs(await other.get("key-1"), null);
    await other.write(aDraft([keyNo(2)]));
    differs(await store.get("key-2"), null);
    await rejects(store.write(aDraft([keyNo(2)])), "STORE_CONFLICT");
  },
};
