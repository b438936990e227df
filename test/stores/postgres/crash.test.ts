import { expect, onTestFinished, test } from "vitest";
import { openStore } from "../../../src/stores/index.ts";
import { startPostgres } from "../../postgres/cluster.ts";
import { needPostgres } from "../../postgres/shared.ts";
import { aDraft, aWorld, keyNo } from "../place.ts";

needPostgres();

test("a change, a use and an acknowledgement survive a crash of the database, also where commits are asynchronous by default", async () => {
  const cluster = await startPostgres(["synchronous_commit = off", "wal_writer_delay = 10s"]);
  onTestFinished(() => cluster.remove());
  const spec = `postgres://postgres@127.0.0.1:${String(cluster.port)}/postgres`;
  const store = await openStore(spec, aWorld(null, { PGPASSWORD: cluster.password }));
  onTestFinished(() => store.close());
  const { epoch, seq } = await store.write(aDraft([keyNo(1)]));
  const use = { id: keyNo(1).id, n: 1, at: 5_000, server: "web" };
  const id = "server-0123456789";
  await store.acknowledge?.({ id, name: "web", position: { epoch, seq }, lease: 60_000, version: "0.1.0" });
  await store.touch([use]);
  await cluster.kill9();
  await cluster.restart();
  expect(await store.position()).toEqual({ epoch, seq });
  expect((await store.usage()).uses).toEqual([use]);
  expect(await store.followers?.()).toMatchObject([{ id, position: { epoch, seq } }]);
}, 60_000);
