import { describe, expect, test } from "vitest";
import { aDatabase, needPostgres } from "../postgres/shared.ts";
import { aFleet, aFollowerProgram, placeOf } from "./places.ts";
import { aProxy, type Side } from "./proxy.ts";
import { TORTURE } from "./rounds.ts";

needPostgres();

const follower = aFollowerProgram();

describe("servers whose connections are half-open", () => {
  test("accept nothing that was revoked meanwhile, and recover over new connections", async () => {
    const database = await aDatabase();
    const sides: Side[][] = [["client"], ["server"], ["client", "server"]];
    const proxies = await Promise.all(sides.map(() => aProxy(database.site.port)));
    const fleet = await aFleet(placeOf(database), { ...follower, servers: 1, maxStaleness: 2 });
    await Promise.all(proxies.map(({ port }, i) => fleet.join(`far-${String(i)}`, database.urlFor({ port }))));
    // Each round is three faults.
    const rounds = TORTURE ? 17 : 1;
    for (let i = 0; i < rounds; i++) {
      const key = await fleet.issue();
      proxies.forEach((proxy, n) => proxy.swallow(...(sides[n] ?? [])));
      await fleet.revoke(key);
      for (const proxy of proxies) proxy.heal();
      await fleet.until(key.token, "revoked");
      await fleet.check();
    }
    expect(fleet.longest.confirmed).toBeLessThan(10_000);
    await fleet.issue();
    fleet.print("half-open", rounds);
  }, 600_000);
});
