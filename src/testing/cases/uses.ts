import { digestToken } from "../../core/digest.ts";
import type { ServerUse } from "../../core/usage.ts";
import { has, same } from "../assertions.ts";
import { ifHas, type Cases } from "../contract-case.ts";
import { aDraft, changesOf, keyNo } from "../samples.ts";

const sorted = (uses: readonly ServerUse[]) => [...uses].sort((a, b) => a.at - b.at);

/** How a store records uses. */
export const useCases: Cases = {
  "shows the latest use to every reader": async ({ store, again }) => {
    const { id } = keyNo(1);
    await store.write(aDraft([keyNo(1), keyNo(2)]));
    await store.touch([{ id, n: 1, at: 500 }]);
    await store.touch([
      { id, n: 1, at: 400 },
      { id, n: 7, at: 400 },
    ]);
    const reader = await again();
    same((await reader.get(id))?.versions[0]?.lastUsedAt, 500);
    same((await reader.find(digestToken("token 1")))?.version.lastUsedAt, 500);
    same(
      (await reader.list()).map(({ versions }) => versions[0]?.lastUsedAt),
      [500, null],
    );
  },
  "keeps uses out of the history": async ({ store }) => {
    await store.write(aDraft([keyNo(1)]));
    await store.touch([{ id: keyNo(1).id, n: 1, at: 500 }]);
    has(await changesOf(store), [{ keys: [{ versions: [{ lastUsedAt: null }] }] }]);
    const [used] = await store.list();
    if (used !== undefined) await store.write(aDraft([{ ...used, note: "changed" }]));
    has(await changesOf(store, 1), [{ keys: [{ versions: [{ lastUsedAt: null }] }] }]);
    same((await store.get("key-1"))?.versions[0]?.lastUsedAt, 500);
  },
  "keeps the latest use of each version on each server": async ({ store, again }) => {
    const { id } = keyNo(1);
    await store.write(aDraft([keyNo(1)]));
    same(await store.usage(), { uses: [], reports: [], publishedAt: null });
    await store.touch([
      { id, n: 1, at: 500, server: "web-1" },
      { id, n: 1, at: 700, server: "web-2" },
      { id, n: 1, at: 600 },
    ]);
    await store.touch([{ id, n: 1, at: 400, server: "web-2" }]);
    const reader = await again();
    same(sorted((await reader.usage()).uses), [
      { id, n: 1, at: 500, server: "web-1" },
      { id, n: 1, at: 600, server: "unnamed" },
      { id, n: 1, at: 700, server: "web-2" },
    ]);
    same((await reader.get(id))?.versions[0]?.lastUsedAt, 700);
  },
  "keeps until when servers have reported, and when a keyset was published": async ({ store, again }) => {
    await store.touch([], { reports: [{ server: "edge-1", at: 500 }], publishedAt: 300 });
    await store.touch([], { reports: [{ server: "edge-1", at: 400 }], publishedAt: 200 });
    const reader = await again();
    same(await reader.usage(), { uses: [], reports: [{ server: "edge-1", at: 500 }], publishedAt: 300 });
  },
  "forgets a server, also one that another process recorded": ifHas("forget", async ({ store, again }) => {
    const { id } = keyNo(1);
    await store.write(aDraft([keyNo(1)]));
    const other = await again();
    await store.touch([{ id, n: 1, at: 500, server: "web-1" }], { publishedAt: 1 });
    await other.touch([{ id, n: 1, at: 900, server: "gone" }], { reports: [{ server: "gone", at: 900 }] });
    same((await store.get(id))?.versions[0]?.lastUsedAt, 900);
    same(await store.forget("gone"), true);
    same(await store.forget("gone"), false);
    same(await store.forget(null), true);
    same(await store.forget(null), false);
    same((await store.get(id))?.versions[0]?.lastUsedAt, 500);
    // A server that is not gone is back with its next use.
    await other.touch([{ id, n: 1, at: 600, server: "web-2" }]);
    for (const reader of [store, other]) {
      same(sorted((await reader.usage()).uses), [
        { id, n: 1, at: 500, server: "web-1" },
        { id, n: 1, at: 600, server: "web-2" },
      ]);
      has(await reader.usage(), { reports: [], publishedAt: null });
    }
  }),
};
