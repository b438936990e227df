import { expect, onTestFinished, test } from "vitest";
import type { ServerUse } from "../../src/core/usage.ts";
import type { Candidate } from "./contract.ts";
import { aDraft, keyNo } from "./place.ts";

const sorted = (uses: readonly ServerUse[]) => [...uses].sort((a, b) => a.at - b.at);

/** Tests the part of the contract that is about uses, for writable stores. */
export function describeUses(candidate: () => Promise<Candidate>): void {
  const start = async () => {
    const { open, again } = await candidate();
    const store = await open();
    onTestFinished(() => store.close());
    return { store, again };
  };

  test("keeps the latest use of each version on each server", async () => {
    const { store, again } = await start();
    const { id } = keyNo(1);
    await store.write(aDraft([keyNo(1)]));
    expect(await store.usage()).toEqual({ uses: [], reports: [], publishedAt: null });
    await store.touch([
      { id, n: 1, at: 500, server: "web-1" },
      { id, n: 1, at: 700, server: "web-2" },
      { id, n: 1, at: 600 },
    ]);
    await store.touch([{ id, n: 1, at: 400, server: "web-2" }]);
    const reader = (await again?.()) ?? store;
    expect(sorted((await reader.usage()).uses)).toEqual([
      { id, n: 1, at: 500, server: "web-1" },
      { id, n: 1, at: 600, server: "unnamed" },
      { id, n: 1, at: 700, server: "web-2" },
    ]);
    expect((await reader.get(id))?.versions[0]?.lastUsedAt).toBe(700);
    await reader.close();
  });

  test("keeps until when servers have reported, and when a keyset was published", async () => {
    const { store, again } = await start();
    await store.touch([], { reports: [{ server: "edge-1", at: 500 }], publishedAt: 300 });
    await store.touch([], { reports: [{ server: "edge-1", at: 400 }], publishedAt: 200 });
    const reader = (await again?.()) ?? store;
    expect(await reader.usage()).toEqual({ uses: [], reports: [{ server: "edge-1", at: 500 }], publishedAt: 300 });
    await reader.close();
  });

  test("forgets a server, also one that another process recorded", async () => {
    const { store, again } = await start();
    const { id } = keyNo(1);
    await store.write(aDraft([keyNo(1)]));
    const other = (await again?.()) ?? store;
    await store.touch([{ id, n: 1, at: 500, server: "web-1" }], { publishedAt: 1 });
    await other.touch([{ id, n: 1, at: 900, server: "gone" }], { reports: [{ server: "gone", at: 900 }] });
    expect((await store.get(id))?.versions[0]?.lastUsedAt).toBe(900);
    expect(await store.forget?.("gone")).toBe(true);
    expect(await store.forget?.("gone")).toBe(false);
    expect(await store.forget?.(null)).toBe(true);
    expect(await store.forget?.(null)).toBe(false);
    expect((await store.get(id))?.versions[0]?.lastUsedAt).toBe(500);
    // A server that is not gone is back with its next use.
    await other.touch([{ id, n: 1, at: 600, server: "web-2" }]);
    for (const reader of [store, other]) {
      expect(sorted((await reader.usage()).uses)).toEqual([
        { id, n: 1, at: 500, server: "web-1" },
        { id, n: 1, at: 600, server: "web-2" },
      ]);
      expect(await reader.usage()).toMatchObject({ reports: [], publishedAt: null });
    }
    await other.close();
  });
}
