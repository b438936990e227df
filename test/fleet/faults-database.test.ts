import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createKeys } from "../../src/index.ts";
import { needPostgres } from "../postgres/shared.ts";
import { aCluster, aFleet, aFollowerProgram, open, placeOf } from "./places.ts";
import { aProxy } from "./proxy.ts";
import { roundsOf } from "./rounds.ts";

needPostgres();

const follower = aFollowerProgram();

/** Roughly how many messages a revocation takes. The later ones are those of the wait for the servers. */
const MESSAGES = 40;

describe("servers and a writer", () => {
  test("lose nothing and recover when PostgreSQL is killed at any message of the writer", async () => {
    const { cluster, database } = await aCluster();
    const proxy = await aProxy(cluster.port);
    const size = { ...follower, servers: 2, maxStaleness: 20 };
    const fleet = await aFleet(placeOf(database), size, placeOf(database, proxy.port));
    const rounds = roundsOf(3);
    for (let i = 0; i < rounds; i++) {
      const key = await fleet.issue();
      const victim = 1 + ((i * 7) % MESSAGES);
      let killed: Promise<void> | undefined;
      proxy.onMessage(({ n }) => {
        if (n === victim) killed = cluster.kill9().then(() => cluster.restart());
        return "pass";
      });
      await fleet.revoke(key);
      proxy.heal();
      killed ??= cluster.kill9().then(() => cluster.restart());
      await killed;
      await fleet.until(key.token, "revoked");
      await fleet.check();
    }
    fleet.print("PostgreSQL killed", rounds);
  }, 600_000);

  test("recover from a restart of PostgreSQL", async () => {
    const { cluster, database } = await aCluster();
    const fleet = await aFleet(placeOf(database), { ...follower, servers: 2, maxStaleness: 20 });
    const rounds = roundsOf(2);
    for (let i = 0; i < rounds; i++) {
      const key = await fleet.issue();
      const restarted = cluster.restart();
      await sleep(Math.random() * 300);
      await fleet.revoke(key);
      await restarted;
      await fleet.until(key.token, "revoked");
      await fleet.check();
    }
    fleet.print("PostgreSQL restarted", rounds);
  }, 600_000);

  test("accept nothing after an old backup was restored, until a person adopts it", async () => {
    const { cluster, database } = await aCluster();
    const place = placeOf(database);
    const fleet = await aFleet(place, { ...follower, servers: 2, maxStaleness: 20 });
    const old = await fleet.issue();
    const rounds = roundsOf(1);
    for (let i = 0; i < rounds; i++) {
      const dump = await cluster.dump();
      const lost = await fleet.issue();
      await fleet.revoke(old);
      await cluster.restore(dump);
      for (const each of fleet.servers) each.watch(old.token);
      await fleet.until(lost.token, "STORE_REWOUND");
      await fleet.until(old.token, "STORE_REWOUND");
      await expect(fleet.store.position()).rejects.toMatchObject({ code: "STORE_REWOUND" });
      await expect(createKeys({ store: fleet.store }).revoke(old.name)).rejects.toMatchObject({
        code: "STORE_REWOUND",
      });
      // A process that starts now has seen nothing else.
      const fresh = await open(place);
      await fresh.startEpoch?.({ at: Math.floor(Date.now() / 1000), by: "ada@laptop" });
      await fleet.until(lost.token, "unknown");
      await fleet.until(old.token, "accepted");
    }
  }, 600_000);
});
