import { describe, test } from "vitest";
import { needPostgres } from "../postgres/shared.ts";
import { type Place, aFile, aFleet, aFollowerProgram, aPostgres } from "./places.ts";
import { roundsOf } from "./rounds.ts";

const follower = aFollowerProgram();

describe.each<[string, () => Promise<Place>]>([
  ["file:", aFile],
  ["postgres:", aPostgres],
])("servers that follow %s", (kind, aPlace) => {
  if (kind === "postgres:") needPostgres();

  test("accept nothing that was revoked while they were stopped for longer than their lease", async () => {
    const fleet = await aFleet(await aPlace(), { ...follower, servers: 3, maxStaleness: 1.5 });
    const rounds = roundsOf(2);
    for (let i = 0; i < rounds; i++) {
      const key = await fleet.issue();
      const [first, second] = fleet.servers;
      first!.kill("SIGSTOP");
      if (i % 2 === 1) second!.kill("SIGSTOP");
      await fleet.revoke(key);
      first!.kill("SIGCONT");
      second!.kill("SIGCONT");
      await fleet.until(key.token, "revoked");
      await fleet.check();
    }
    fleet.print(`${kind} stopped servers`, rounds);
  }, 600_000);

  test("do not hold up a revocation for longer than their lease when they are killed", async () => {
    const fleet = await aFleet(await aPlace(), { ...follower, servers: 2, maxStaleness: 1.5 });
    const rounds = roundsOf(2);
    for (let i = 0; i < rounds; i++) {
      const key = await fleet.issue();
      fleet.kill(fleet.servers[0]!);
      const joins = fleet.join(`late-${String(i)}`);
      await fleet.revoke(key);
      (await joins).watch(key.token);
      await fleet.until(key.token, "revoked");
      await fleet.check();
    }
    fleet.print(`${kind} killed servers`, rounds);
  }, 600_000);
});
