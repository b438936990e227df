import { describe, expect, test } from "vitest";
import { createKeys } from "../../src/index.ts";
import { needPostgres } from "../postgres/shared.ts";
import { type Place, aFile, aFleet, aFollowerProgram, aPostgres } from "./places.ts";
import { roundsOf } from "./rounds.ts";

const TWO_DAYS = 172_800;

const follower = aFollowerProgram();

describe.each<[string, () => Promise<Place>]>([
  ["file:", aFile],
  ["postgres:", aPostgres],
])("servers and writers whose clocks are set by two days, with %s", (kind, aPlace) => {
  if (kind === "postgres:") needPostgres();

  test("accept nothing that was revoked, and go on by themselves", async () => {
    let offset = 0;
    const now = () => Math.floor(Date.now() / 1000) + offset;
    const fleet = await aFleet(await aPlace(), { ...follower, servers: 3, maxStaleness: 20, now });
    const rounds = roundsOf(3);
    for (let i = 0; i < rounds; i++) {
      offset = 0;
      const key = await fleet.issue();
      // The first clock is set there and back, the second the other way round; the third is right.
      fleet.servers[0]!.shift(i % 2 === 0 ? TWO_DAYS : -TWO_DAYS);
      fleet.servers[1]!.shift(i % 2 === 0 ? -TWO_DAYS : TWO_DAYS);
      offset = i % 3 === 0 ? -TWO_DAYS : 0;
      await fleet.revoke(key);
      await fleet.until(key.token, "revoked");
      await fleet.check();
    }
    offset = 0;
    const last = await fleet.issue();
    offset = TWO_DAYS;
    await fleet.revoke(last);
    await fleet.until(last.token, "revoked");
    await fleet.check();
    fleet.print(`${kind} clocks`, rounds);
    // The history is two days ahead now. Keys can still be revoked.
    offset = 0;
    const keys = createKeys({ store: fleet.store, now });
    await expect(keys.generate({ name: "late", expiresAt: null })).rejects.toMatchObject({ code: "CLOCK_BEHIND" });
    await keys.revoke("first");
  }, 600_000);
});
