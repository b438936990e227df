import { differs, has, matches, same } from "../assertions.ts";
import { ifHas, type Cases } from "../contract-case.ts";
import { aDraft, keyNo } from "../samples.ts";

/** How a store names points of its history. */
export const positionCases: Cases = {
  "has one epoch over all reads, writes and processes, and another in another store": async ({
    store,
    again,
    another,
  }) => {
    const other = await again();
    const first = await store.write(aDraft([keyNo(1)]));
    const second = await other.write(aDraft([keyNo(2)]));
    const { epoch } = first;
    matches(epoch, /^[A-Za-z0-9-]{1,64}$/);
    has(second, { epoch, seq: 2 });
    for (const reader of [store, other]) {
      same(await reader.position(), { epoch, seq: 2 });
      has(await reader.snapshot(), { epoch, seq: 2 });
    }
    const foreign = await another();
    differs((await foreign.write(aDraft([keyNo(3)]))).epoch, epoch);
  },
  "keeps its epoch through a compaction": ifHas("compact", async ({ store, again }) => {
    const other = await again();
    const { epoch } = await store.write(aDraft([keyNo(1)]));
    await other.position();
    const { seq } = await store.compact({ at: 1_000, by: "ada@laptop" });
    for (const reader of [store, other]) same(await reader.position(), { epoch, seq });
    has(await other.write(aDraft([keyNo(2)])), { epoch, seq: seq + 1 });
  }),
};
