import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { inspectPostgres } from "../../../src/stores/postgres/inspect.ts";
import { postgresStore } from "../../../src/stores/postgres/pool-store.ts";
import { schemaSql } from "../../../src/stores/postgres/schema-sql.ts";
import { aDraft, aWorld, changesOf, keyNo } from "../place.ts";
import { shelves, type Shelf } from "./place.ts";

const aShelf = shelves();

/** Functions and operators that fit better than those of PostgreSQL, which take any type or need a conversion. Each counts its calls. */
const TRAPS = `
  create sequence public.sprung;
  create function public.unnest(text[]) returns setof text language sql as
    $$ select nextval('public.sprung')::text $$;
  create function public.unnest(bigint[]) returns setof bigint language sql as
    $$ select nextval('public.sprung') $$;
  create function public.hashtextextended(text, integer) returns bigint language sql as
    $$ select nextval('public.sprung') $$;
  create function public.spring(json, integer, bigint) returns json language sql as
    $$ select to_json(nextval('public.sprung')) $$;
  create aggregate public.json_object_agg(integer, bigint) (sfunc = public.spring, stype = json);
  create function public.spring(oid, regnamespace) returns boolean language sql as
    $$ select nextval('public.sprung') > 0 $$;
  create operator public.= (leftarg = oid, rightarg = regnamespace, function = public.spring);
  create function public.spring(numeric, integer) returns numeric language sql as
    $$ select nextval('public.sprung')::numeric $$;
  create operator public.* (leftarg = numeric, rightarg = integer, function = public.spring);
  create function public.has_database_privilege(name, text) returns boolean language sql as
    $$ select nextval('public.sprung') > 0 $$;
`;

test("functions and operators in the schema public are never called", async () => {
  const shelf = await aShelf();
  await shelf.query(TRAPS);
  onTestFinished(async () => {
    await shelf.query("drop schema public cascade; create schema public");
  });
  const sprung = async () => (await shelf.query("select is_called from public.sprung"))[0];
  const store = await shelf.open();
  const { epoch } = await store.write(aDraft([keyNo(1)]));
  expect.soft(await sprung(), "write").toEqual({ is_called: false });
  await store.touch([{ id: keyNo(1).id, n: 1, at: 500 }]);
  await store.acknowledge({
    ...{ id: "follower-0001", name: "web-1", position: { epoch, seq: 1 } },
    ...{ lease: 60_000, version: "0.1.0" },
  });
  await inspectPostgres(shelf.spec.slice("postgres:".length), aWorld(null, { PGPASSWORD: shelf.database.password }));
  await Promise.all([store.list(), store.get(keyNo(1).name), store.usage(), store.followers(), changesOf(store)]);
  expect.soft(await sprung(), "read").toEqual({ is_called: false });
  await store.remove({ at: 1_000, by: "ada", seq: 1, detail: "" });
  await store.adopt([
    { seq: 1, at: 1_000, by: "ada", op: "generate", keys: [keyNo(1)] },
    { seq: 2, at: 1_000, by: "ada", op: "adopt", keys: [] },
  ]);
  expect.soft(await sprung(), "remove, adopt").toEqual({ is_called: false });
});

test.each([
  ["a time after the year 9999", "array['k'], array[1], array['web-1'], array[9e17::bigint], '{}', '{}'"],
  ["a negative time", "array['k'], array[1], array['web-1'], array[-1], '{}', '{}'"],
  ["a server name with a control character", "array['k'], array[1], array[e'web\\x1b[2J'], array[5], '{}', '{}'"],
  ["a key id that is no id", "array[repeat('k', 65)], array[1], array['web-1'], array[5], '{}', '{}'"],
  ["a list that is too short", "array['k', 'l'], array[1], array['web-1'], array[5], '{}', '{}'"],
  ["a report with an odd name", "'{}', '{}', '{}', '{}', array['web 1'], array[5]"],
  ["a publication after the year 9999", "'{}', '{}', '{}', '{}', array[''], array[9e17::bigint]"],
])("the database rejects %s in the uses of a server that was taken over", async (_, values) => {
  const shelf = await aShelf();
  await shelf.query(schemaSql(shelf.schema));
  await expect(shelf.query(`select ${shelf.schema}.touch(${values})`)).rejects.toMatchObject({ code: "22023" });
});

/** A pool of the caller as a superuser. It is ended after the test. */
function aPool({ database }: Shelf, settings: pg.PoolConfig): pg.Pool {
  const { site, name } = database;
  const pool = new pg.Pool({ host: site.socket, port: site.port, user: "postgres", database: name, ...settings });
  onTestFinished(() => (pool.ended ? undefined : pool.end()));
  return pool;
}

test("a pool with one connection is not used up by listening", async () => {
  const { schema, ...shelf } = await aShelf();
  const pool = aPool({ schema, ...shelf }, { max: 1 });
  const store = postgresStore({ pool, schema });
  const stop = await store.watch(() => {});
  expect(await store.write(aDraft([keyNo(1)]))).toMatchObject({ seq: 1 });
  expect(await store.list()).toHaveLength(1);
  stop();
  await store.close();
  expect(() => postgresStore({ pool, schema, listen: true })).toThrow(expect.objectContaining({ code: "USAGE" }));
});

test("a client instead of a pool is rejected, and a pool that has ended is named", async () => {
  const shelf = await aShelf();
  expect(() => postgresStore({ pool: new pg.Client() as never })).toThrow(expect.objectContaining({ code: "USAGE" }));
  const pool = aPool(shelf, {});
  const store = postgresStore({ pool, schema: shelf.schema });
  expect(await store.list()).toEqual([]);
  await pool.end();
  await expect(store.list()).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    message: expect.stringContaining("the pool has ended"),
  });
  await store.close();
});

test("sessions that are serializable by default create the tables, write and acknowledge at the same time", async () => {
  const shelf = await aShelf();
  await shelf.query(`alter database ${shelf.database.name} set default_transaction_isolation = serializable`);
  onTestFinished(async () => {
    await shelf.query(`alter database ${shelf.database.name} reset default_transaction_isolation`);
  });
  const stores = await Promise.all(Array.from({ length: 8 }, () => shelf.open()));
  await Promise.all(stores.map((store, n) => store.write(aDraft([keyNo(n)]))));
  const { epoch } = await (await shelf.open()).position();
  const rounds = stores.map(async (store, n) => {
    for (let round = 0; round < 10; round++) {
      const position = { epoch, seq: 1 + (round % 8) };
      await store.acknowledge({ id: `follower-000${n}`, name: "web-1", position, lease: 1_000, version: "1" });
      await store.touch([{ id: keyNo(1).id, n: 1, at: 500 + round }]);
    }
  });
  await Promise.all(rounds);
  expect(await (await shelf.open()).followers()).toHaveLength(8);
});

test("a verifier that holds an old row stops no other from starting", async () => {
  const shelf = await aShelf();
  const store = await shelf.open();
  const { epoch, seq } = await store.write(aDraft([keyNo(1)]));
  const news = { name: "web-1", position: { epoch, seq }, lease: 1_000, version: "1" };
  await store.acknowledge({ id: "follower-0001", ...news });
  const { schema } = shelf;
  await shelf.query(
    `update ${schema}.followers set seen_at = now() - interval '2 days', lease_until = now() - interval '2 days'`,
  );
  const client = await shelf.database.connect();
  onTestFinished(() => client.end());
  await client.query(`begin; select from ${schema}.followers for update`);
  await store.acknowledge({ id: "follower-0002", ...news });
  await client.query("rollback");
  await store.acknowledge({ id: "follower-0003", ...news });
  expect((await shelf.query(`select id from ${schema}.followers order by id`)).map(({ id }) => id)).toEqual([
    "follower-0002",
    "follower-0003",
  ]);
});
