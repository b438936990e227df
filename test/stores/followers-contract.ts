import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { Acknowledgement } from "../../src/core/follower.ts";
import type { Position } from "../../src/core/position.ts";
import type { KeyStore } from "../../src/stores/store.ts";
import type { Candidate } from "./contract.ts";
import { aDraft, keyNo } from "./place.ts";

const news = (position: Position, change: Partial<Acknowledgement> = {}): Acknowledgement => ({
  ...{ id: "follower-0001", name: "web-1", position, lease: 60_000, version: "0.1.0" },
  ...change,
});

/** Tests the part of the contract that is about positions and followers, for stores that servers can write to. */
export function describeFollowers(candidate: () => Promise<Candidate>): void {
  const start = async () => {
    const { open, again } = await candidate();
    const store = (await open()) as Required<KeyStore>;
    onTestFinished(() => store.close());
    const other = ((await again?.()) ?? store) as Required<KeyStore>;
    onTestFinished(() => other.close());
    return { store, other };
  };

  test("has one epoch over all reads, writes and processes, and another in another store", async () => {
    const { store, other } = await start();
    const first = await store.write(aDraft([keyNo(1)]));
    const second = await other.write(aDraft([keyNo(2)]));
    const { epoch } = first;
    expect(epoch).toMatch(/^[A-Za-z0-9-]{1,64}$/);
    expect(second).toMatchObject({ epoch, seq: 2 });
    for (const reader of [store, other]) {
      expect(await reader.position()).toEqual({ epoch, seq: 2 });
      expect(await reader.snapshot()).toMatchObject({ epoch, seq: 2 });
    }
    const { store: foreign } = await start();
    expect((await foreign.write(aDraft([keyNo(3)]))).epoch).not.toBe(epoch);
  });

  test("keeps its epoch through a compaction", async () => {
    const { store, other } = await start();
    if ((store as KeyStore).compact === undefined) return;
    const { epoch } = await store.write(aDraft([keyNo(1)]));
    await other.position();
    const { seq } = await store.compact({ at: 1_000, by: "ada@laptop" });
    for (const reader of [store, other]) expect(await reader.position()).toEqual({ epoch, seq });
    expect(await other.write(aDraft([keyNo(2)]))).toMatchObject({ epoch, seq: seq + 1 });
  });

  test("lists who follows it, with the last position of each", async () => {
    const { store, other } = await start();
    expect(await store.followers()).toEqual([]);
    const { epoch } = await store.write(aDraft([keyNo(1)]));
    await store.acknowledge(news({ epoch, seq: 1 }));
    await other.acknowledge(news({ epoch, seq: 1 }, { id: "follower-0002", name: "web-2", version: "0.2.0-rc.1" }));
    await store.write(aDraft([keyNo(2)]));
    await store.acknowledge(news({ epoch, seq: 2 }));
    for (const reader of [store, other]) {
      const listed = (await reader.followers()).sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(listed).toMatchObject([
        { id: "follower-0001", name: "web-1", position: { epoch, seq: 2 }, version: "0.1.0" },
        { id: "follower-0002", name: "web-2", position: { epoch, seq: 1 }, version: "0.2.0-rc.1" },
      ]);
      for (const { leaseLeft, seenAgo } of listed) {
        expect(seenAgo).toBeGreaterThanOrEqual(0);
        expect(Math.round(leaseLeft + seenAgo)).toBe(60_000);
      }
    }
  });

  test("never takes a position back within an epoch, and takes any position of another epoch", async () => {
    const { store, other } = await start();
    await store.acknowledge(news({ epoch: "first", seq: 5 }));
    await other.acknowledge(news({ epoch: "first", seq: 3 }, { name: "web-9" }));
    expect(await store.followers()).toMatchObject([{ name: "web-9", position: { epoch: "first", seq: 5 } }]);
    await store.acknowledge(news({ epoch: "second", seq: 1 }));
    expect(await other.followers()).toMatchObject([{ position: { epoch: "second", seq: 1 } }]);
  });

  test("still lists a follower whose lease has run out, and renews it", async () => {
    const { store, other } = await start();
    await store.acknowledge(news({ epoch: "first", seq: 1 }, { lease: 20 }));
    await sleep(30);
    const [late] = await other.followers();
    expect(late?.leaseLeft).toBeLessThanOrEqual(0);
    expect(late?.seenAgo).toBeGreaterThanOrEqual(20);
    await store.acknowledge(news({ epoch: "first", seq: 1 }));
    expect((await other.followers())[0]?.leaseLeft).toBeGreaterThan(50_000);
  });

  test("no longer lists a follower that has stopped", async () => {
    const { store, other } = await start();
    await store.acknowledge(news({ epoch: "first", seq: 1 }));
    await store.acknowledge(news({ epoch: "first", seq: 1 }, { id: "follower-0002" }));
    await other.unfollow("follower-0001");
    await store.unfollow("follower-0003");
    for (const reader of [store, other]) {
      expect(await reader.followers()).toMatchObject([{ id: "follower-0002" }]);
    }
    await store.acknowledge(news({ epoch: "first", seq: 2 }));
    expect(await other.followers()).toHaveLength(2);
  });

  test.each<Partial<Acknowledgement>>([
    { id: "short" },
    { id: "../../../../etc/passwd" },
    { id: "x".repeat(65) },
    { id: "follower-0001\n" },
    { name: "" },
    { name: "web 1" },
    { name: "web\u001b[31m" },
    { name: "x".repeat(65) },
    { version: "" },
    { version: "0.1.0 <b>" },
    { version: "1".repeat(65) },
    { position: { epoch: "a b", seq: 1 } },
    { position: { epoch: "", seq: 1 } },
    { position: { epoch: "first", seq: -1 } },
    { position: { epoch: "first", seq: 1.5 } },
    { lease: 0 },
    { lease: Number.NaN },
    { lease: 86_400_001 },
  ])("rejects the acknowledgement %o", async (change) => {
    const { store } = await start();
    const hostile = news({ epoch: "first", seq: 1 }, change);
    await expect(store.acknowledge(hostile)).rejects.toMatchObject({ code: "USAGE" });
    expect(await store.followers()).toEqual([]);
  });

  test("rejects an id that is none when a follower stops", async () => {
    const { store } = await start();
    for (const id of ["", "short", "../keys.jsonl", "x".repeat(65)]) {
      await expect(store.unfollow(id)).rejects.toMatchObject({ code: "USAGE" });
    }
  });

  test("keeps the acknowledgements of many followers at once", async () => {
    const { store, other } = await start();
    const ids = Array.from({ length: 20 }, (_, i) => `follower-${String(i).padStart(4, "0")}`);
    await Promise.all(
      ids.map((id, i) => (i % 2 === 0 ? store : other).acknowledge(news({ epoch: "first", seq: i }, { id }))),
    );
    const listed = await store.followers();
    expect(new Map(listed.map(({ id, position }) => [id, position.seq]))).toEqual(new Map(ids.map((id, i) => [id, i])));
  });
}
