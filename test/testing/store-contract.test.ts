import { execFile } from "node:child_process";
import { execPath } from "node:process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { openMemoryStore } from "../../src/stores/memory.ts";
import type { KeyStore } from "../../src/stores/store.ts";
import { readOnlyStoreContract, storeContract } from "../../src/testing/store-contract.ts";

/** A store in memory with a fault, as another author could write it. */
async function aFaultyStore(fault: (store: KeyStore) => Partial<KeyStore>): Promise<KeyStore> {
  const store = await openMemoryStore();
  return { ...store, ...fault(store) };
}

/** Returns the titles of the tests that a store fails. */
async function failures(open: () => Promise<KeyStore>, about = ""): Promise<string[]> {
  const cases = storeContract(async () => ({ open, again: null })).filter(({ title }) => title.includes(about));
  const outcomes = cases.map(async ({ title, run }) =>
    run().then(
      () => [],
      () => [title],
    ),
  );
  return (await Promise.all(outcomes)).flat();
}

test("passes a store that keeps the contract", async () => {
  expect(await failures(() => openMemoryStore())).toEqual([]);
});

test.each<[string, (store: KeyStore) => Partial<KeyStore>, string]>([
  ["throws for a missing key", () => ({ get: () => Promise.reject(new Error("none")) }), "a new store is empty"],
  ["ignores revisions", (store) => ({ write: async (draft) => writeAnyway(store, draft) }), "a stale revision"],
  ["lists without digests", (store) => ({ find: async () => store.find("sha256:") }), "by digest"],
  ["skips a change", (store) => ({ changes: (since) => store.changes(since + 1) }), "changes after a seq"],
  ["never wakes", () => ({ watch: async () => () => undefined }), "wakes a watcher"],
  ["forgets uses", () => ({ touch: async () => undefined }), "the latest use to every reader"],
  ["makes up an epoch", () => ({ position: async () => ({ epoch: "x", seq: 0 }) }), "one epoch"],
  ["lists nobody", () => ({ followers: async () => [] }), "lists who follows"],
  ["takes any id", (store) => ({ acknowledge: async (news) => quietly(store.acknowledge?.(news)) }), "hostile"],
  ["never ends a follower", () => ({ unfollow: async () => undefined }), "has stopped"],
])("fails a store that %s", async (_, fault, title) => {
  expect(await failures(() => aFaultyStore(fault), title)).toHaveLength(1);
});

test("fails a read-only store that can be written", async () => {
  const cases = readOnlyStoreContract(async () => ({ open: () => openMemoryStore(), again: null }));
  const writing = cases.find(({ title }) => title === "rejects every write");
  await expect(writing?.run()).rejects.toMatchObject({ code: "ERR_ASSERTION" });
});

test("runs in the test runner of Node, from the package", async () => {
  const program = `
    import { test } from "node:test";
    import { openStore } from "mcp-keys";
    import { storeContract } from "mcp-keys/testing";
    for (const { title, run } of storeContract(async () => ({ open: () => openStore("memory:"), again: null }))) test(title, run);
  `;
  const { stdout } = await promisify(execFile)(execPath, ["--input-type=module", "-e", program]);
  expect(stdout).toMatch(/^# pass [3-9]\d$/m);
  expect(stdout).toMatch(/^# fail 0$/m);
});

async function writeAnyway(store: KeyStore, draft: Parameters<KeyStore["write"]>[0]) {
  const keys = await Promise.all(
    draft.keys.map(async (key) => ({ ...key, revision: (await store.get(key.id))?.revision ?? 0 })),
  );
  return store.write({ ...draft, keys });
}

async function quietly(call: Promise<void> | undefined): Promise<void> {
  await call?.catch(() => undefined);
}
