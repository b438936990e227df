import { describe, expect, test } from "vitest";
import type { Acknowledgement } from "../../../src/core/follower.ts";
import type { Position } from "../../../src/core/position.ts";
import type { KeyStore } from "../../../src/stores/store.ts";
import { aDraft, changesOf, keyNo } from "../place.ts";
import { shelves, type Shelf } from "./place.ts";

const aShelf = shelves();

const by = { at: 1_000, by: "ada@laptop" };
const news = (position: Position): Acknowledgement => ({
  ...{ id: "follower-0001", name: "web-1", position, lease: 60_000, version: "0.1.0" },
});

/** Writes a history of three changes: the last one revokes key 1. */
async function aHistory(shelf: Shelf): Promise<KeyStore> {
  const store = await shelf.open();
  await store.write(aDraft([keyNo(1)]));
  await store.write(aDraft([keyNo(2)]));
  await store.write(aDraft([keyNo(1, { revision: 1, enabled: false })], { op: "disable" }));
  return store;
}

/** Copies all tables, as a backup does. */
async function backUp({ schema, query }: Shelf, name = "old"): Promise<void> {
  await query(
    `create schema ${schema}_${name}; ${TABLES.map((table) => `create table ${schema}_${name}.${table} as table ${schema}.${table}`).join("; ")}`,
  );
}

async function restore({ schema, query }: Shelf, name = "old"): Promise<void> {
  const statements = TABLES.map(
    (table) => `delete from ${schema}.${table}; insert into ${schema}.${table} table ${schema}_${name}.${table}`,
  );
  await query(`begin; ${statements.join("; ")}; commit`);
}

const TABLES = ["head", "changes", "keys", "versions", "uses", "followers"];

describe("a restored backup", () => {
  /** A store that saw a change that the database lost. */
  async function aRewoundStore(): Promise<{ shelf: Shelf; store: KeyStore; lost: Position }> {
    const shelf = await aShelf();
    const first = await shelf.open();
    await first.write(aDraft([keyNo(1)]));
    await backUp(shelf);
    const store = await shelf.open();
    await first.write(aDraft([keyNo(1, { revision: 1, enabled: false })], { op: "disable" }));
    const { epoch, seq } = await store.snapshot();
    await restore(shelf);
    return { shelf, store, lost: { epoch, seq } };
  }

  const reads: [string, (store: KeyStore, lost: Position) => Promise<unknown>][] = [
    ["get", (store) => store.get("key-1")],
    ["find", (store) => store.find(`sha256:${"0".repeat(64)}`)],
    ["list", (store) => store.list()],
    ["position", (store) => store.position()],
    ["snapshot", (store) => store.snapshot()],
    ["changes", (store) => changesOf(store, 2)],
    ["write", (store) => store.write(aDraft([keyNo(5)]))],
    ["acknowledge", (store, lost) => store.acknowledge!(news(lost))],
  ];

  test("is noticed by every method, and by a writer too", async () => {
    const { store, lost } = await aRewoundStore();
    for (const [name, read] of reads) {
      await expect(read(store, lost), name).rejects.toMatchObject({ code: "STORE_REWOUND" });
    }
  });

  test("is noticed after others have written beyond the old position", async () => {
    const { shelf, store, lost } = await aRewoundStore();
    const other = await shelf.open();
    for (const n of [11, 12, 13]) await other.write(aDraft([keyNo(n)]));
    for (const [name, read] of reads) {
      await expect(read(store, lost), name).rejects.toMatchObject({ code: "STORE_REWOUND" });
    }
    expect(await other.followers()).toEqual([]);
  });

  test("cannot confirm a position that it does not have, whoever acknowledges it", async () => {
    const { shelf, lost } = await aRewoundStore();
    const other = await shelf.open();
    await expect(other.acknowledge(news(lost))).rejects.toMatchObject({ code: "STORE_REWOUND" });
  });

  test("is read again once a person starts a new epoch, from the beginning", async () => {
    const { shelf, store, lost } = await aRewoundStore();
    const started = await (await shelf.open()).startEpoch(by);
    expect(started).toMatchObject({ seq: 2, epoch: expect.not.stringMatching(lost.epoch) });
    // The caller's position is one of the old epoch.
    expect((await changesOf(store, 2)).map(({ seq }) => seq)).toEqual([1, 2]);
    expect(await store.snapshot()).toMatchObject({ ...started, keys: [{ name: "key-1", enabled: true }] });
    expect(await changesOf(store, 2)).toEqual([]);
    expect(await changesOf(store, 1)).toMatchObject([{ op: "adopt", ...by, keys: [] }]);
    expect(await store.write(aDraft([keyNo(5)]))).toMatchObject({ epoch: started.epoch, seq: 3 });
  });

  test("is read from the beginning by each follower of the old epoch, although another has read the new one", async () => {
    const { shelf, store, lost } = await aRewoundStore();
    const { epoch } = await (await shelf.open()).startEpoch(by);
    await store.snapshot();
    const seqs = async (known: string): Promise<number[]> => {
      const found = [];
      for await (const { seq } of store.changes(2, { epoch: known })) found.push(seq);
      return found;
    };
    expect([await seqs(lost.epoch), await seqs(epoch)]).toEqual([[1, 2], []]);
  });

  test("is noticed if it comes from an earlier epoch", async () => {
    const { shelf, store } = await aRewoundStore();
    await (await shelf.open()).startEpoch(by);
    await store.snapshot();
    await restore(shelf);
    await expect(store.snapshot()).rejects.toMatchObject({ code: "STORE_REWOUND" });
    const third = await store.startEpoch!(by);
    expect(await store.snapshot()).toMatchObject(third);
  });

  test("is no longer a fault once the lost changes are back, as on a standby that catches up", async () => {
    const shelf = await aShelf();
    const store = await shelf.open();
    await store.write(aDraft([keyNo(1)]));
    await backUp(shelf, "old");
    const { epoch } = await store.write(aDraft([keyNo(2)]));
    await backUp(shelf, "new");
    await restore(shelf, "old");
    await expect(store.position()).rejects.toMatchObject({ code: "STORE_REWOUND" });
    await restore(shelf, "new");
    expect(await store.position()).toEqual({ epoch, seq: 2 });
  });
});

test("notices that the position goes back while nothing was read since its own write", async () => {
  const shelf = await aShelf();
  const store = await shelf.open();
  await store.write(aDraft([keyNo(1)]));
  await backUp(shelf);
  await store.write(aDraft([keyNo(2)]));
  await restore(shelf);
  await expect(store.list()).rejects.toMatchObject({ code: "STORE_REWOUND" });
});

test("a reader whose answers overtake each other sees no false rewind", async () => {
  const shelf = await aShelf();
  const [writer, reader] = [await shelf.open(), await shelf.open()];
  await writer.write(aDraft([keyNo(1)]));
  const progress = { isDone: false };
  const writing = (async () => {
    for (let n = 2; n < 40; n++) await writer.write(aDraft([keyNo(n)]));
    progress.isDone = true;
  })();
  while (!progress.isDone)
    await Promise.all([reader.position(), reader.get("key-1"), reader.position(), reader.snapshot()]);
  await writing;
  expect(await reader.position()).toMatchObject({ seq: 39 });
});

describe("an altered database", () => {
  test.each([
    ["a record", "update S.changes set record = replace(record, 'key-2', 'key-9') where seq = 2"],
    [
      "a record with its sum",
      "update S.changes set record = replace(record, 'key-2', 'key-9'), sum = repeat('a', 64) where seq = 2",
    ],
    ["a missing record", "delete from S.changes where seq = 2"],
    [
      "two records in each other's place",
      "update S.changes set record = (select record from S.changes where seq = 1) where seq = 2",
    ],
  ])("%s is found when the history is read", async (_, sql) => {
    const shelf = await aShelf();
    await aHistory(shelf);
    await shelf.query(sql.replaceAll("S.", `${shelf.schema}.`));
    const reader = await shelf.open();
    await expect(changesOf(reader)).rejects.toMatchObject({ code: "STORE_DAMAGED" });
  });

  test("a key that is not readable is found, and quoted nowhere", async () => {
    const shelf = await aShelf();
    await aHistory(shelf);
    await shelf.query(`update ${shelf.schema}.keys set body = '{"id": "s3cret"}' where name = 'key-2'`);
    const reader = await shelf.open();
    for (const read of [() => reader.list(), () => reader.get("key-2")]) {
      const fault: unknown = await read().catch((each: unknown) => each);
      expect(fault).toMatchObject({ code: "STORE_DAMAGED" });
      expect(JSON.stringify(fault)).not.toContain("s3cret");
    }
  });

  test("a store whose tables are gone is not taken for an empty one by a process that knew it", async () => {
    const shelf = await aShelf();
    const store = await aHistory(shelf);
    await shelf.query(`drop schema ${shelf.schema} cascade`);
    await expect(store.list()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(store.write(aDraft([keyNo(3)]))).rejects.toMatchObject({ code: "STORE_READ_ONLY" });
    expect(await (await shelf.open()).list()).toEqual([]);
  });
});
