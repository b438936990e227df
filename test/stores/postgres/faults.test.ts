import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openStore } from "../../../src/stores/index.ts";
import { createPool } from "../../../src/stores/postgres/client.ts";
import { Database } from "../../../src/stores/postgres/database.ts";
import { Continuity } from "../../../src/stores/postgres/head.ts";
import { settle } from "../../../src/stores/postgres/settle.ts";
import { parseTarget } from "../../../src/stores/postgres/spec.ts";
import type { KeyStore } from "../../../src/stores/store.ts";
import { aDraft, aWorld, changesOf, keyNo } from "../place.ts";
import { aNetwork, type Fate, type Network } from "./proxy.ts";
import { shelves, type Shelf } from "./place.ts";

const aShelf = shelves();

/** Opens a store through a network. */
async function behind(shelf: Shelf): Promise<{ store: KeyStore; network: Network }> {
  const network = await aNetwork(shelf.database.site.port);
  return { store: await shelf.open("", network.port), network };
}

/** Gives a fate to the first few statements that match, and lets everything else pass. */
function once(network: Network, pattern: RegExp, fates: readonly Fate[]): void {
  const left = [...fates];
  network.decide = (sent) => (pattern.test(sent) ? (left.shift() ?? "pass") : "pass");
}

test.each<[string, RegExp, Fate[]]>([
  ["the answer to the commit is lost", /commit\0/, ["cut"]],
  ["the commit is lost", /commit\0/, ["lose"]],
  [
    "the commit is lost twice, with the question about it",
    /commit\0|for update/,
    ["pass", "lose", "lose", "pass", "cut"],
  ],
  ["the connection ends before the change is written", /insert into/, ["lose"]],
  ["the connection ends after the change is written", /insert into/, ["cut"]],
  ["the connection ends at the lock", /for update/, ["cut"]],
])("a change is made exactly once if %s", async (_, pattern, fates) => {
  const shelf = await aShelf();
  const { store, network } = await behind(shelf);
  await store.write(aDraft([keyNo(1)]));
  once(network, pattern, fates);
  const written = await store.write(aDraft([keyNo(1, { revision: 1, enabled: false })], { op: "disable" }));
  expect(written).toMatchObject({ op: "disable", seq: 2 });
  expect(await changesOf(store)).toMatchObject([{ seq: 1 }, { seq: 2, op: "disable" }]);
  expect(await store.position()).toEqual({ epoch: written.epoch, seq: 2 });
});

test("says that a change may have been saved if the database stays away after the commit", async () => {
  const { schema, database: at } = await aShelf();
  const network = await aNetwork(at.site.port);
  network.decide = () => "lose";
  const target = parseTarget(at.urlFor({ port: network.port }).slice("postgres:".length), {});
  const database = new Database(() => createPool(target, { PGPASSWORD: at.password }), true);
  onTestFinished(() => database.close());
  const tables = { database, schema, place: "the database", continuity: new Continuity("the database") };
  await expect(settle(tables, randomUUID(), new Error("lost"), [0, 10, 20])).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    message: expect.stringContaining("may have been saved"),
    hint: expect.stringContaining("mcp-keys audit"),
  });
});

test("reads again on another connection if one was lost", async () => {
  const shelf = await aShelf();
  const { store, network } = await behind(shelf);
  await store.write(aDraft([keyNo(1)]));
  once(network, /k\.body/, ["cut", "lose"]);
  expect(await store.get("key-1")).toMatchObject({ name: "key-1" });
  network.cutAll();
  await sleep(20);
  expect(await store.snapshot()).toMatchObject({ seq: 1 });
});

test("gives up on a connection that hangs, and answers over a new one", async () => {
  const shelf = await aShelf();
  const { store, network } = await behind(shelf);
  await store.write(aDraft([keyNo(1)]));
  once(network, /k\.body/, ["swallow"]);
  await expect(store.get("key-1")).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    message: expect.stringContaining("does not answer"),
  });
  expect(await store.get("key-1")).toMatchObject({ name: "key-1" });
}, 20_000);

test("a writer that stops in the middle of a change holds the others back for seconds only", async () => {
  const shelf = await aShelf();
  const { store, network } = await behind(shelf);
  await store.write(aDraft([keyNo(1)]));
  const other = await shelf.open();
  once(network, /insert into/, ["swallow"]);
  const stopped = store.write(aDraft([keyNo(2)]));
  await sleep(100);
  expect(await other.write(aDraft([keyNo(3)]))).toMatchObject({ seq: 2 });
  expect(await stopped).toMatchObject({ seq: 3 });
}, 30_000);

test("writes and revokes with a full queue of notifications", async () => {
  const shelf = await aShelf();
  const store = await shelf.open();
  await store.write(aDraft([keyNo(1)]));
  // The queue of a real server takes 8 GB. This one raises the same error.
  await shelf.query(`
    create function ${shelf.schema}.full() returns trigger language plpgsql as $$ begin
      if current_query() like '%pg_notify%' then
        raise exception 'too many notifications in the NOTIFY queue' using errcode = '54000';
      end if;
      return null;
    end $$;
    create constraint trigger full_queue after insert on ${shelf.schema}.changes deferrable initially immediate
    for each row execute function ${shelf.schema}.full()`);
  expect(await store.write(aDraft([keyNo(1, { revision: 1 })], { op: "revoke" }))).toMatchObject({ seq: 2 });
});

test("a cluster without the database, and a wrong password, are named with the fix", async () => {
  const shelf = await aShelf();
  const { site } = shelf.database;
  const open = (spec: string, password: string) => openStore(spec, aWorld(null, { PGPASSWORD: password }));
  for (const [spec, password, what, fix] of [
    [`postgres://postgres@127.0.0.1:${site.port}/nowhere`, site.password, "does not exist", "createdb"],
    [shelf.spec, "wrong", "rejected the login", "PGPASSWORD"],
    [shelf.spec, "", "rejected the login", "PGPASSWORD"],
    ["postgres://postgres@127.0.0.1:1/x", "", "ECONNREFUSED", "the port"],
    ["postgres://postgres@nowhere.invalid/x?sslmode=disable", "", "ENOTFOUND", "the name of the host"],
    [`${shelf.spec}&sslmode=require`, site.password, "does not offer TLS", "sslmode=disable"],
  ] as const) {
    const store = await open(spec, password);
    const fault: unknown = await store.list().catch((each: unknown) => each);
    expect(fault).toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining(what),
      hint: expect.stringContaining(fix),
    });
    expect(JSON.stringify(fault)).not.toContain(site.password);
    await store.close();
  }
});
