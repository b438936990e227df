import { describe, expect, test } from "vitest";
import type { Follower } from "../../src/core/follower.ts";
import { KeysError } from "../../src/errors.ts";
import { waitForServers, type Confirmation } from "../../src/keys/wait-for-servers.ts";
import { notConfirmed } from "../../src/keys/wait-for-servers.ts";
import { openMemoryStore } from "../../src/stores/memory.ts";
import type { KeyStore } from "../../src/stores/store.ts";

const WANTED = { epoch: "here", seq: 5 };

function follower(name: string, seq: number, more: Partial<Follower> = {}): Follower {
  return {
    ...{ id: `id-of-${name}`, name, position: { epoch: "here", seq } },
    ...{ leaseLeft: 60_000, seenAgo: 0, version: "0.1.0", ...more },
  };
}

/** A store whose followers are, at each look, the next of these lists; the last one stays. */
async function storeWith(...looks: Follower[][]): Promise<{ store: KeyStore; looked: () => number }> {
  let n = 0;
  const store = await openMemoryStore();
  return {
    store: { ...store, followers: async () => looks[Math.min(n++, looks.length - 1)] ?? [] },
    looked: () => n,
  };
}

describe("waitForServers", () => {
  test("returns at once if every server has the position or a later one, or if there is none", async () => {
    const { store, looked } = await storeWith([follower("a", 5), follower("b", 9)]);
    expect(await waitForServers(store, WANTED)).toMatchObject({ servers: 2, of: 2, lagging: [] });
    expect(looked()).toBe(1);
    expect(await waitForServers((await storeWith([])).store, WANTED)).toMatchObject({ servers: 0, of: 0 });
  });

  test("waits for the servers that lag, also one that joins meanwhile", async () => {
    const { store, looked } = await storeWith(
      [follower("a", 5), follower("b", 4)],
      [follower("a", 5), follower("b", 5), follower("c", 4)],
      [follower("a", 5), follower("b", 5), follower("c", 5)],
    );
    expect(await waitForServers(store, WANTED)).toMatchObject({ servers: 3, of: 3, lagging: [] });
    expect(looked()).toBe(3);
  });

  test("counts a server as confirmed once its lease has run out or it has left, and never one that was dead before", async () => {
    const dead = follower("dead", 1, { leaseLeft: -1 });
    const { store } = await storeWith(
      [dead, follower("a", 4), follower("b", 4)],
      [dead, follower("a", 4, { leaseLeft: 0 })],
    );
    expect(await waitForServers(store, WANTED)).toMatchObject({ servers: 2, of: 2, lagging: [] });
  });

  test("goes on when the store does not answer for a moment, and throws if it still does not at the end", async () => {
    const { store, looked } = await storeWith([follower("a", 4)], [follower("a", 5)]);
    let failures = 3;
    const failing: KeyStore = {
      ...store,
      followers: async () => {
        if (failures-- > 0) throw new KeysError("STORE_UNAVAILABLE", "restarting");
        return (await store.followers?.()) ?? [];
      },
    };
    expect(await waitForServers(failing, WANTED)).toMatchObject({ servers: 1, of: 1, lagging: [] });
    expect(looked()).toBe(2);
    failures = Infinity;
    await expect(waitForServers(failing, WANTED, { timeout: 20 })).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    const broken: KeyStore = { ...store, followers: () => Promise.reject(new KeysError("STORE_DAMAGED", "altered")) };
    await expect(waitForServers(broken, WANTED)).rejects.toMatchObject({ code: "STORE_DAMAGED" });
  });

  test("does not take a position of another epoch for a later one", async () => {
    const { store } = await storeWith([follower("a", 9, { position: { epoch: "there", seq: 9 } })]);
    expect(await waitForServers(store, WANTED, { timeout: 20 })).toMatchObject({ servers: 0, of: 1 });
  });

  test("names those that lag at the end of the time, by a clock that is passed in, and stops when it is told to", async () => {
    const { store } = await storeWith([follower("a", 4), follower("b", 5)]);
    let at = 0;
    const late = await waitForServers(store, WANTED, { timeout: 1_000, ticks: () => (at += 400) });
    expect(late).toMatchObject({ servers: 1, of: 2, lagging: [{ name: "a" }] });
    const stop = AbortSignal.timeout(30);
    expect(await waitForServers(store, WANTED, { timeout: 60_000, signal: stop })).toMatchObject({ servers: 1 });
  });

  test("refuses a store that servers do not report to", async () => {
    const { followers: _, ...store } = await openMemoryStore();
    await expect(waitForServers(store, WANTED)).rejects.toMatchObject({ code: "USAGE" });
  });
});

test("the error names at most ten servers", () => {
  const lagging = Array.from({ length: 12 }, (_, i) => follower(`web-${String(i)}`, 1));
  const seen: Confirmation = { servers: 3, of: 15, ms: 10_040, lagging };
  const { code, message, hint } = notConfirmed(seen);
  expect(code).toBe("NOT_CONFIRMED");
  expect(message).toMatch(/^confirmed by 3 of 15 servers in 10\.0 s; web-0 \(id-of-web-0\), .* and 2 more lag$/);
  expect(message.match(/web-/g)).toHaveLength(20);
  expect(hint).toMatch(/after its lease, in \d+ s; see: mcp-keys servers$/);
});
