import { describe, expect, onTestFinished, test } from "vitest";
import { digestToken } from "../../src/core/digest.ts";
import type { Change, KeyStore } from "../../src/stores/store.ts";
import { aVersion } from "../fakes.ts";
import { aDraft, changesOf, keyNo } from "./place.ts";

/** How the contract suite opens a driver. */
export interface Candidate {
  /** Opens a new, empty store. */
  readonly open: () => Promise<KeyStore>;
  /** Opens the same store again, as another process would. Left out for a store that no other process can see. */
  readonly again: (() => Promise<KeyStore>) | null;
}

/** Tests the contract of `src/stores/store.ts` for any store. */
export function describeContract(candidate: () => Promise<Candidate>): void {
  const start = async () => {
    const { open, again } = await candidate();
    const store = await open();
    onTestFinished(() => store.close());
    return { store, again };
  };

  test("a new store is empty, and a missing key is null", async () => {
    const { store } = await start();
    expect(await store.list()).toEqual([]);
    expect(await store.get("missing")).toBeNull();
    expect(await store.get("7Fq2x9Lm0aBc")).toBeNull();
    expect(await store.find(digestToken("nothing"))).toBeNull();
    expect(await changesOf(store)).toEqual([]);
  });

  test("has a spec", async () => {
    const { store } = await start();
    expect(store.spec).toMatch(/^[a-z]+:/);
  });

  test("can be closed twice", async () => {
    const { store } = await start();
    await store.close();
    await store.close();
  });
}

/** Tests the contract for writable stores. */
export function describeWriting(candidate: () => Promise<Candidate>): void {
  const start = async () => {
    const { open, again } = await candidate();
    const store = await open();
    onTestFinished(() => store.close());
    return { store, again };
  };

  test("finds a key by id, by name and by digest", async () => {
    const { store } = await start();
    await store.write(aDraft([keyNo(1), keyNo(2)]));
    const key = { ...keyNo(2), revision: 1 };
    expect(await store.get(key.id)).toEqual(key);
    expect(await store.get(key.name)).toEqual(key);
    expect(await store.find(digestToken("token 2"))).toEqual({ key, version: key.versions[0] });
  });

  test("prefers an id to a name", async () => {
    const { store } = await start();
    await store.write(aDraft([keyNo(1), keyNo(2, { name: keyNo(1).id })]));
    expect(await store.get(keyNo(1).id)).toMatchObject({ name: "key-1" });
  });

  test("finds a version that is no longer valid", async () => {
    const { store } = await start();
    const versions = [aVersion({ state: "revoked", reason: "compromised", digest: digestToken("old") })];
    await store.write(aDraft([keyNo(1, { versions })]));
    expect(await store.find(digestToken("old"))).toMatchObject({
      version: { state: "revoked", reason: "compromised" },
    });
  });

  test("returns all members of a key unchanged", async () => {
    const { store, again } = await start();
    const key = keyNo(1, {
      scopes: ["read", "write"],
      audience: ["https://host/mcp"],
      owner: "Ada \u{1F511}\t\n\0\u2028",
      note: '"quotes", \\ and {"id":"7Fq2x9Lm0aBc","name":"x"}',
      tags: { id: "7Fq2x9Lm0aBc", lastUsedAt: "no time", sum: "0".repeat(64) },
      enabled: false,
      versions: [
        aVersion({ state: "retiring", retiresAt: 99, promotedAt: 5, expiresAt: 1000, digest: digestToken("a") }),
        aVersion({
          n: 2,
          state: "pending",
          digest: `hmac-sha256:p-1:${"a".repeat(64)}`,
          runId: "run-1",
          endedBefore: 3,
        }),
      ],
    });
    await store.write(aDraft([key], { version: 2, detail: "a detail" }));
    const reader = (await again?.()) ?? store;
    expect(await reader.get(key.id)).toEqual({ ...key, revision: 1 });
    expect(await changesOf(reader)).toMatchObject([{ version: 2, detail: "a detail" }]);
    await reader.close();
  });

  test("lists keys in order of creation, even after a change", async () => {
    const { store } = await start();
    for (const n of [3, 1, 2]) await store.write(aDraft([keyNo(n)]));
    await store.write(aDraft([keyNo(3, { revision: 1, enabled: false })]));
    expect((await store.list()).map(({ name }) => name)).toEqual(["key-3", "key-1", "key-2"]);
  });

  test("returns the applied change", async () => {
    const { store } = await start();
    const change = await store.write(aDraft([keyNo(1)], { detail: "why" }));
    const { epoch, ...expected } = change;
    expect(expected).toEqual({ ...aDraft([{ ...keyNo(1), revision: 1 }]), seq: 1, detail: "why" });
    expect(await store.position()).toEqual({ epoch, seq: 1 });
    expect(await changesOf(store)).toEqual([expected]);
  });

  test("rejects a stale revision and writes nothing", async () => {
    const { store } = await start();
    await store.write(aDraft([keyNo(1)]));
    for (const key of [keyNo(1), keyNo(1, { revision: 2 }), keyNo(3, { revision: 1 })]) {
      await expect(store.write(aDraft([keyNo(2), key]))).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    }
    expect(await store.snapshot()).toMatchObject({ seq: 1, keys: [{ ...keyNo(1), revision: 1 }] });
  });

  test("rejects a time more than a minute before the history, unless the draft revokes, disables or is a copy", async () => {
    const { store, again } = await start();
    await store.write(aDraft([keyNo(1)], { at: 10_000 }));
    await store.write(aDraft([keyNo(2)], { at: 9_940 }));
    const writer = (await again?.()) ?? store;
    for (const op of [
      "generate",
      "stage",
      "promote",
      "finish",
      "abort",
      "enable",
      "update",
      "import",
      "migrate",
    ] as const) {
      const draft = aDraft([keyNo(3, { prefix: "opaque" })], { at: 9_939, op });
      await expect(writer.write(draft), op).rejects.toMatchObject({ code: "CLOCK_BEHIND" });
    }
    expect(await writer.list()).toHaveLength(2);
    await writer.write(aDraft([keyNo(1, { revision: 1 })], { at: 1, op: "revoke" }));
    await writer.write(aDraft([keyNo(2, { revision: 1 })], { at: 2, op: "disable" }));
    await writer.write(aDraft([keyNo(3)], { at: 3, isCopy: true }));
    expect((await changesOf(writer)).map(({ at }) => at)).toEqual([10_000, 9_940, 1, 2, 3]);
    if (writer !== store) await writer.close();
  });

  test("lets a key take the name of one that was renamed", async () => {
    const { store, again } = await start();
    await store.write(aDraft([keyNo(1)]));
    await store.write(aDraft([keyNo(1, { revision: 1, name: "key-1.released" })], { op: "revoke" }));
    await store.write(aDraft([keyNo(2, { name: "key-1" })]));
    const reader = (await again?.()) ?? store;
    expect(await reader.get("key-1")).toMatchObject({ id: keyNo(2).id });
    expect(await reader.get(keyNo(1).id)).toMatchObject({ name: "key-1.released" });
    await expect(reader.write(aDraft([keyNo(3, { name: "key-1" })]))).rejects.toMatchObject({ code: "NAME_TAKEN" });
    if (reader !== store) await reader.close();
  });

  test("rejects the name of another key and writes nothing", async () => {
    const { store } = await start();
    await store.write(aDraft([keyNo(1)]));
    await expect(store.write(aDraft([keyNo(2, { name: "key-1" })]))).rejects.toMatchObject({ code: "NAME_TAKEN" });
    await expect(store.write(aDraft([keyNo(3), keyNo(4, { name: "key-3" })]))).rejects.toMatchObject({
      code: "NAME_TAKEN",
    });
    expect(await store.list()).toHaveLength(1);
  });

  test("frees the old name of a renamed key, and lets two keys swap names", async () => {
    const { store } = await start();
    await store.write(aDraft([keyNo(1), keyNo(2)]));
    const swapped = [keyNo(1, { revision: 1, name: "key-2" }), keyNo(2, { revision: 1, name: "key-1" })];
    await store.write(aDraft(swapped));
    expect(await store.get("key-1")).toMatchObject({ id: keyNo(2).id });
    await store.write(aDraft([keyNo(1, { revision: 2, name: "renamed" })]));
    expect(await store.get("key-2")).toBeNull();
    await store.write(aDraft([keyNo(3, { name: "key-2" })]));
    expect(await store.get("key-2")).toMatchObject({ id: keyNo(3).id });
  });

  test("rejects an imported key without the prefix opaque", async () => {
    const { store } = await start();
    const draft = (prefix: string) => aDraft([keyNo(1, { prefix })], { op: "import" });
    await expect(store.write(draft("mcp"))).rejects.toMatchObject({ code: "BUG" });
    expect(await store.list()).toEqual([]);
    expect(await store.write(draft("opaque"))).toMatchObject({ seq: 1 });
    // Later changes of the key are not checked.
    await store.write(aDraft([keyNo(1, { revision: 1, prefix: "opaque" })], { op: "disable" }));
  });

  test("rejects a token that another key has", async () => {
    const { store } = await start();
    await store.write(aDraft([keyNo(1)]));
    const twin = keyNo(2, { versions: keyNo(1).versions });
    await expect(store.write(aDraft([twin]))).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    expect(await store.list()).toHaveLength(1);
  });

  test("is not affected when the caller changes the key later", async () => {
    const { store } = await start();
    const scopes = ["read"];
    await store.write(aDraft([keyNo(1, { scopes })]));
    scopes.push("admin");
    expect(await store.get("key-1")).toMatchObject({ scopes: ["read"] });
  });

  test("returns the changes after a seq in order", async () => {
    const { store } = await start();
    for (let n = 1; n <= 5; n++) await store.write(aDraft([keyNo(n)]));
    expect((await changesOf(store, 2)).map(({ seq }) => seq)).toEqual([3, 4, 5]);
    expect(await changesOf(store, 5)).toEqual([]);
    expect(await changesOf(store, 50)).toEqual([]);
    expect((await store.snapshot()).seq).toBe(5);
  });

  test("keeps all concurrent writes of one process", async () => {
    const { store } = await start();
    await Promise.all(Array.from({ length: 20 }, (_, n) => store.write(aDraft([keyNo(n)]))));
    expect(await store.list()).toHaveLength(20);
    expect((await changesOf(store)).map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  test("fails one of two concurrent changes to a revision", async () => {
    const { store } = await start();
    await store.write(aDraft([keyNo(1)]));
    const results = await Promise.allSettled(
      ["a", "b"].map((note) => store.write(aDraft([keyNo(1, { revision: 1, note })]))),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(results.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "STORE_CONFLICT" } });
  });

  test("wakes a watcher after a write, but not after it stopped", async () => {
    const { store } = await start();
    let wakes = 0;
    let woken = () => {};
    const first = new Promise<void>((resolve) => (woken = resolve));
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
    expect(wakes).toBe(before);
  });

  test("shows the latest use to every reader", async () => {
    const { store, again } = await start();
    const { id } = keyNo(1);
    await store.write(aDraft([keyNo(1), keyNo(2)]));
    await store.touch([{ id, n: 1, at: 500 }]);
    await store.touch([
      { id, n: 1, at: 400 },
      { id, n: 7, at: 400 },
    ]);
    const reader = (await again?.()) ?? store;
    expect((await reader.get(id))?.versions[0]?.lastUsedAt).toBe(500);
    expect((await reader.find(digestToken("token 1")))?.version.lastUsedAt).toBe(500);
    expect((await reader.list()).map(({ versions }) => versions[0]?.lastUsedAt)).toEqual([500, null]);
    await reader.close();
  });

  test("keeps uses out of the history", async () => {
    const { store } = await start();
    await store.write(aDraft([keyNo(1)]));
    await store.touch([{ id: keyNo(1).id, n: 1, at: 500 }]);
    expect(await changesOf(store)).toMatchObject([{ keys: [{ versions: [{ lastUsedAt: null }] }] }]);
    const used = await store.get("key-1");
    await store.write(aDraft([{ ...used!, note: "changed" }]));
    expect(await changesOf(store, 1)).toMatchObject([{ keys: [{ versions: [{ lastUsedAt: null }] }] }]);
    expect((await store.get("key-1"))?.versions[0]?.lastUsedAt).toBe(500);
  });

  test("sees the writes of another process at once", async () => {
    const { store, again } = await start();
    const other = await again?.();
    if (other === undefined) return;
    onTestFinished(() => other.close());
    await store.write(aDraft([keyNo(1)]));
    expect(await other.get("key-1")).not.toBeNull();
    await other.write(aDraft([keyNo(2)]));
    expect(await store.get("key-2")).not.toBeNull();
    await expect(store.write(aDraft([keyNo(2)]))).rejects.toMatchObject({ code: "STORE_CONFLICT" });
  });

  /** A history of two keys, one of which is changed later by another author. */
  const aHistory = (): Change[] => [
    { seq: 41, ...aDraft([{ ...keyNo(1), revision: 7 }], { op: "compact" }) },
    { seq: 42, ...aDraft([{ ...keyNo(2), revision: 1 }], { at: 1_001, version: 1, detail: "why" }) },
    { seq: 43, ...aDraft([{ ...keyNo(1, { enabled: false }), revision: 8 }], { op: "disable", at: 1_002, by: "bob" }) },
  ];

  test("adopts the history of another store with seq from 1, and continues it", async () => {
    const { store, again } = await start();
    if (store.adopt === undefined) return;
    await store.adopt(aHistory());
    const reader = (await again?.()) ?? store;
    expect(await changesOf(reader)).toEqual(aHistory().map((change, i) => ({ ...change, seq: i + 1 })));
    expect(await reader.list()).toMatchObject([{ enabled: false, revision: 8 }, { name: "key-2" }]);
    expect(await reader.find(digestToken("token 2"))).toMatchObject({ key: { name: "key-2" } });
    expect(await reader.write(aDraft([keyNo(1, { revision: 8 })], { op: "enable" }))).toMatchObject({ seq: 4 });
    expect(await store.get("key-1")).toMatchObject({ enabled: true, revision: 9 });
    await reader.close();
  });

  test("adopts a history only if it has none, and ignores an empty one", async () => {
    const { store } = await start();
    if (store.adopt === undefined) return;
    await store.adopt([]);
    expect(await store.snapshot()).toMatchObject({ seq: 0, keys: [] });
    await store.write(aDraft([keyNo(3)]));
    await expect(store.adopt(aHistory())).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    await expect(store.adopt([])).resolves.toBeUndefined();
    expect((await store.list()).map(({ name }) => name)).toEqual(["key-3"]);
  });

  test("is removed with all its files, unless it has newer changes", async () => {
    const { store, again } = await start();
    if (store.remove === undefined) return;
    await store.write(aDraft([keyNo(1)]));
    await store.touch([{ id: keyNo(1).id, n: 1, at: 500 }]);
    const end = { at: 2_000, by: "ada@laptop", detail: "to another store" };
    for (const seq of [0, 2]) {
      await expect(store.remove({ ...end, seq })).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    }
    expect(await store.list()).toHaveLength(1);
    await store.remove({ ...end, seq: 1 });
    const reader = await again?.();
    if (reader !== undefined) expect(await reader.snapshot()).toMatchObject({ seq: 0, keys: [] });
    await reader?.remove?.({ ...end, seq: 0 });
    expect(await reader?.write(aDraft([keyNo(1)]))).toMatchObject(reader ? { seq: 1 } : {});
    expect((await reader?.get("key-1"))?.versions[0]?.lastUsedAt).toBe(reader ? null : undefined);
    await reader?.close();
  });
}

/** Tests the contract for read-only stores. */
export function describeReadOnly(open: () => Promise<KeyStore>): void {
  describe("read-only", () => {
    test("rejects every write", async () => {
      const store = await open();
      expect(store.readOnly).toBe(true);
      await expect(store.write(aDraft([keyNo(1)]))).rejects.toMatchObject({ code: "STORE_READ_ONLY" });
      await expect(store.touch([])).rejects.toMatchObject({ code: "STORE_READ_ONLY" });
      expect(await store.usage()).toEqual({ uses: [], reports: [], publishedAt: null });
      await store.close();
    });
  });
}
