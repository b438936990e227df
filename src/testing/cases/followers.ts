import type { Acknowledgement, Follower } from "../../core/follower.ts";
import type { Position } from "../../core/position.ts";
import { has, rejects, same, within } from "../assertions.ts";
import { ifHas, type Cases } from "../contract-case.ts";
import { aDraft, keyNo } from "../samples.ts";

const news = (position: Position, change: Partial<Acknowledgement> = {}): Acknowledgement => ({
  ...{ id: "follower-0001", name: "web-1", position, lease: 60_000, version: "0.1.0" },
  ...change,
});

const byId = (followers: readonly Follower[]) => [...followers].sort((a, b) => (a.id < b.id ? -1 : 1));

/** Other processes read these, and print them. */
const HOSTILE: readonly Partial<Acknowledgement>[] = [
  ...["short", "../../../../etc/passwd", "x".repeat(65), "follower-0001\n"].map((id) => ({ id })),
  ...["", "web 1", "web\u001b[31m", "x".repeat(65)].map((name) => ({ name })),
  ...["", "0.1.0 <b>", "1".repeat(65)].map((version) => ({ version })),
  ...["a b", "", "x".repeat(65)].map((epoch) => ({ position: { epoch, seq: 1 } })),
  ...[-1, 1.5, Number.NaN].map((seq) => ({ position: { epoch: "first", seq } })),
  ...[0, -1, Number.NaN, 86_400_001].map((lease) => ({ lease })),
];

/** How a store knows the verifiers that follow it. Left out for a store whose servers cannot write to it. */
export const followerCases: Cases = {
  "lists who follows it, with the last position of each": ifHas("acknowledge", async ({ store, again }) => {
    const other = await again();
    same(await store.followers(), []);
    const { epoch } = await store.write(aDraft([keyNo(1)]));
    for (const n of [2, 3, 4]) await store.write(aDraft([keyNo(n)]));
    await store.acknowledge(news({ epoch, seq: 1 }));
    await other.acknowledge(news({ epoch, seq: 1 }, { id: "follower-0002", name: "web-2", version: "0.2.0-rc.1" }));
    await store.acknowledge(news({ epoch, seq: 4 }));
    for (const reader of [store, other]) {
      const listed = byId(await reader.followers());
      has(listed, [
        { id: "follower-0001", name: "web-1", position: { epoch, seq: 4 }, version: "0.1.0" },
        { id: "follower-0002", name: "web-2", position: { epoch, seq: 1 }, version: "0.2.0-rc.1" },
      ]);
      for (const { leaseLeft, seenAgo } of listed) {
        within(seenAgo, 0, 60_000);
        same(Math.round(leaseLeft + seenAgo), 60_000);
      }
    }
  }),
  "never takes a position back within an epoch, and takes any position of another epoch": ifHas(
    "acknowledge",
    async ({ store, again }) => {
      const other = await again();
      await store.acknowledge(news({ epoch: "first", seq: 5 }));
      await other.acknowledge(news({ epoch: "first", seq: 3 }, { name: "web-9" }));
      has(await store.followers(), [{ name: "web-9", position: { epoch: "first", seq: 5 } }]);
      await store.acknowledge(news({ epoch: "second", seq: 1 }));
      has(await other.followers(), [{ position: { epoch: "second", seq: 1 } }]);
    },
  ),
  "still lists a follower whose lease has run out, and renews it": ifHas("acknowledge", async ({ store, again }) => {
    const other = await again();
    await store.acknowledge(news({ epoch: "first", seq: 1 }, { lease: 20 }));
    await new Promise((resolve) => setTimeout(resolve, 30));
    const [late] = await other.followers();
    within(late?.leaseLeft, -60_000, 0);
    within(late?.seenAgo, 20, 60_000);
    await store.acknowledge(news({ epoch: "first", seq: 1 }));
    within((await other.followers())[0]?.leaseLeft, 30_000, 60_000);
  }),
  "no longer lists a follower that has stopped": ifHas("acknowledge", async ({ store, again }) => {
    const other = await again();
    await store.acknowledge(news({ epoch: "first", seq: 1 }));
    await store.acknowledge(news({ epoch: "first", seq: 1 }, { id: "follower-0002" }));
    await other.unfollow("follower-0001");
    await store.unfollow("follower-0003");
    for (const reader of [store, other]) {
      has(await reader.followers(), [{ id: "follower-0002" }]);
    }
    await store.acknowledge(news({ epoch: "first", seq: 2 }));
    same((await other.followers()).length, 2);
  }),
  "rejects an id that is none when a follower stops": ifHas("acknowledge", async ({ store }) => {
    for (const id of ["", "short", "../keys.jsonl", "x".repeat(65)]) {
      await rejects(store.unfollow(id), "USAGE");
    }
  }),
  "keeps the acknowledgements of many followers at once": ifHas("acknowledge", async ({ store, again }) => {
    const other = await again();
    const ids = Array.from({ length: 20 }, (_, i) => `follower-${String(i).padStart(4, "0")}`);
    await Promise.all(
      ids.map((id, i) => (i % 2 === 0 ? store : other).acknowledge(news({ epoch: "first", seq: i }, { id }))),
    );
    const listed = await store.followers();
    same(new Map(listed.map(({ id, position }) => [id, position.seq])), new Map(ids.map((id, i) => [id, i])));
  }),
  "rejects a hostile acknowledgement": ifHas("acknowledge", async ({ store }) => {
    for (const change of HOSTILE) {
      await rejects(store.acknowledge(news({ epoch: "first", seq: 1 }, change)), "USAGE");
    }
    same(await store.followers(), []);
  }),
};
