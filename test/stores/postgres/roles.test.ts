import { randomBytes } from "node:crypto";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { openStore } from "../../../src/stores/index.ts";
import { postgresStore } from "../../../src/stores/postgres/pool-store.ts";
import { schemaSql } from "../../../src/stores/postgres/schema-sql.ts";
import { setUp } from "../../../src/stores/postgres/setup.ts";
import { Database } from "../../../src/stores/postgres/database.ts";
import type { PostgresStore } from "../../../src/stores/postgres/store.ts";
import { aDraft, aWorld, changesOf, keyNo } from "../place.ts";
import { shelves, type Shelf } from "./place.ts";

const aShelf = shelves();

/** Creates a user with a role, and opens the store as this user. */
async function asUser({ database, schema, query }: Shelf, role: string | null): Promise<PostgresStore> {
  const user = `u${randomBytes(6).toString("hex")}`;
  const password = await database.createUser(user);
  onTestFinished(async () => {
    await query(`drop owned by ${user}; drop role ${user}`);
  });
  if (role !== null) await query(`grant ${role} to ${user}`);
  const store = await openStore(
    `${database.urlFor({ user })}?schema=${schema}`,
    aWorld(null, { PGPASSWORD: password }),
  );
  onTestFinished(() => store.close());
  return store as PostgresStore;
}

/** Runs the SQL for administrators, twice. */
async function aPreparedShelf(): Promise<Shelf> {
  const shelf = await aShelf();
  for (let run = 0; run < 2; run++) await shelf.query(schemaSql(shelf.schema));
  return shelf;
}

test("an administrator of keys reads and writes, and does not own the tables", async () => {
  const shelf = await aPreparedShelf();
  const admin = await asUser(shelf, "mcp_keys_admin");
  expect(await admin.write(aDraft([keyNo(1)]))).toMatchObject({ seq: 1 });
  await admin.touch([{ id: keyNo(1).id, n: 1, at: 500, server: "gone" }]);
  expect(await admin.forget("gone")).toBe(true);
  expect(await admin.startEpoch({ at: 1_000, by: "ada" })).toMatchObject({ seq: 2 });
  await expect(admin.remove({ at: 1_000, by: "ada", seq: 2, detail: "" })).rejects.toMatchObject({
    code: "STORE_READ_ONLY",
  });
  expect(await admin.list()).toHaveLength(1);
});

test("a verifier reads, acknowledges and records uses, and can do nothing else", async () => {
  const shelf = await aPreparedShelf();
  const owner = await shelf.open();
  const { epoch, seq } = await owner.write(aDraft([keyNo(1)]));
  const verifier = await asUser(shelf, "mcp_keys_verifier");
  expect(await verifier.snapshot()).toMatchObject({ epoch, seq, keys: [{ name: "key-1" }] });
  expect(await changesOf(verifier)).toHaveLength(1);
  await verifier.touch([{ id: keyNo(1).id, n: 1, at: 500 }]);
  expect(await verifier.usage()).toMatchObject({ uses: [{ at: 500 }] });
  const news = { id: "follower-0001", name: "web-1", position: { epoch, seq }, lease: 60_000, version: "0.1.0" };
  await verifier.acknowledge(news);
  expect(await owner.followers()).toMatchObject([{ name: "web-1", position: { epoch, seq } }]);
  const readOnly = { code: "STORE_READ_ONLY", hint: expect.stringContaining("mcp_keys_admin") };
  await expect(verifier.write(aDraft([keyNo(2)]))).rejects.toMatchObject(readOnly);
  await expect(verifier.write(aDraft([keyNo(1, { revision: 1 })], { op: "revoke" }))).rejects.toMatchObject(readOnly);
  await expect(verifier.startEpoch({ at: 1_000, by: "mallory" })).rejects.toMatchObject(readOnly);
  await expect(verifier.forget("web-1")).rejects.toMatchObject(readOnly);
  // It does not learn the ids of the others, so it cannot speak for them.
  await expect(verifier.followers()).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    message: expect.stringContaining("does not let this user list the servers"),
    hint: expect.stringContaining("mcp_keys_admin"),
  });
  await verifier.unfollow(news.id);
  expect(await owner.followers()).toEqual([]);
  expect(await owner.position()).toEqual({ epoch, seq });
});

test.each([
  ["a long lease", "follower-0002", "web-1", "e", 1, 90_000_000, "1"],
  ["an odd name", "follower-0002", "web 1", "e", 1, 1_000, "1"],
  ["an odd id", "../../etc/passwd", "web-1", "e", 1, 1_000, "1"],
  ["a negative position", "follower-0002", "web-1", "e", -1, 1_000, "1"],
])("the database rejects %s from a server that was taken over", async (_, ...values) => {
  const shelf = await aPreparedShelf();
  const call = shelf.query(`select ${shelf.schema}.acknowledge($1, $2, $3, $4, $5, $6, '', 0, '')`, values);
  await expect(call).rejects.toMatchObject({ code: "22023" });
});

test("a user without a role sees no keys, and a user who may not create the tables is told how to", async () => {
  const shelf = await aPreparedShelf();
  const nobody = await asUser(shelf, null);
  await expect(nobody.list()).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    message: expect.stringContaining("does not let this user read"),
  });
  await expect(nobody.write(aDraft([keyNo(1)]))).rejects.toMatchObject({ code: "STORE_READ_ONLY" });
  const newcomer = await asUser(await aShelf(), null);
  expect(await newcomer.list()).toEqual([]);
  for (const write of [() => newcomer.write(aDraft([keyNo(1)])), () => newcomer.touch([{ id: "x", n: 1, at: 1 }])]) {
    await expect(write()).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      hint: expect.stringContaining("mcp-keys store schema"),
    });
  }
});

test("a session that is read-only, as on a standby, can be read", async () => {
  const shelf = await aShelf();
  await (await shelf.open()).write(aDraft([keyNo(1)]));
  await shelf.query(`alter database ${shelf.database.name} set default_transaction_read_only = on`);
  onTestFinished(async () => {
    await shelf.query(
      `set transaction read write; alter database ${shelf.database.name} reset default_transaction_read_only`,
    );
  });
  const store = await shelf.open();
  const { epoch, seq, keys } = await store.snapshot();
  expect(keys).toHaveLength(1);
  const news = { id: "follower-0001", name: "web-1", position: { epoch, seq }, lease: 60_000, version: "0.1.0" };
  await expect(store.acknowledge(news)).rejects.toMatchObject({ code: "STORE_READ_ONLY" });
});

test("twenty processes that write first create the tables once", async () => {
  const shelf = await aShelf();
  const stores = await Promise.all(Array.from({ length: 20 }, () => shelf.open()));
  await Promise.all(stores.map((store, n) => store.write(aDraft([keyNo(n)]))));
  expect(await (await shelf.open()).position()).toMatchObject({ seq: 20 });
});

test("refuses tables of a newer version, and updates older ones once", async () => {
  const shelf = await aShelf();
  const store = await shelf.open();
  await store.write(aDraft([keyNo(1)]));
  const pool = new pg.Pool({
    host: shelf.database.site.socket,
    port: shelf.database.site.port,
    user: "postgres",
    database: shelf.database.name,
  });
  const database = new Database(async () => pool, true);
  onTestFinished(() => database.close());
  const next = (schema: string) =>
    `alter table ${schema}.head add column extra text; update ${schema}.head set schema_version = 2`;
  const steps = [() => "select broken", next];
  await Promise.all([1, 2, 3].map(() => setUp(database, shelf.schema, steps)));
  for (const call of [() => store.list(), () => store.write(aDraft([keyNo(2)])), () => setUp(database, shelf.schema)]) {
    await expect(call()).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("newer version"),
    });
  }
});

test("works through a pool of the caller, and leaves it open", async () => {
  const shelf = await aShelf();
  const { site, name } = shelf.database;
  const pool = new pg.Pool({ host: site.socket, port: site.port, user: "postgres", database: name, max: 3 });
  onTestFinished(() => pool.end());
  const store = postgresStore({ pool, schema: shelf.schema });
  expect(await store.write(aDraft([keyNo(1)]))).toMatchObject({ seq: 1 });
  let woken = () => {};
  const wake = new Promise<void>((resolve) => (woken = resolve));
  const stop = await store.watch(woken);
  await store.write(aDraft([keyNo(2)]));
  await wake;
  // A server that ends idle connections ends no process.
  await shelf.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()",
    [name],
  );
  expect(await store.list()).toHaveLength(2);
  stop();
  await store.close();
  expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  expect(() => postgresStore({ pool: {} as never })).toThrow(expect.objectContaining({ code: "USAGE" }));
  expect(() => postgresStore({ pool, schema: "public" })).toThrow(expect.objectContaining({ code: "USAGE" }));
});
