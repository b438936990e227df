import { describe, expect, onTestFinished, test } from "vitest";
import { createKeys, createVerifier, waitForServers } from "../../src/index.ts";
import { needPostgres } from "../postgres/shared.ts";
import { measureFleet, spreadOf, startFollower, type FleetFigures } from "./fleet.ts";
import { aFile, aFollowerProgram, aPostgres, open, type Place } from "./places.ts";
import { TORTURE } from "./rounds.ts";

const follower = aFollowerProgram();

function print(title: string, { refused, confirmed, ...figures }: FleetFigures): void {
  const shown = ({ p50, p99 }: { p50: number; p99: number }) => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
  console.log(
    `${title}: ${String(figures.revocations)} revocations, ${String(figures.followers)} servers: ` +
      `last refusal ${shown(refused)}; confirmed ${shown(confirmed)}`,
  );
}

async function runFleet(
  title: string,
  place: Place,
  { servers, revocations }: { servers: number; revocations: number },
) {
  const store = await open(place);
  // The first write creates the store, which a server with fewer rights could not.
  await createKeys({ store }).generate({ name: "first", expiresAt: null });
  const everyMs = Math.max(servers / 5, 1);
  const followers = await Promise.all(
    Array.from({ length: servers }, (_, i) =>
      startFollower(follower.program, place.spec, `web-${String(i)}`, { env: place.env, everyMs }),
    ),
  );
  onTestFinished(() => followers.forEach((each) => each.kill("SIGKILL")));
  const figures = await measureFleet(store, followers, revocations);
  print(title, figures);
  expect(figures.acceptedBefore).toBe(servers * revocations);
  expect(figures.acceptedLate).toBe(0);
  await Promise.all(followers.map((each) => each.stop()));
  expect(await store.followers?.()).toEqual([]);
}

describe("after the confirmation, no server accepts what was revoked", () => {
  test("in a file, with servers in 10 processes", async () => {
    await runFleet("file:", await aFile(), { servers: 10, revocations: TORTURE ? 1_000 : 20 });
  }, 600_000);

  describe("in PostgreSQL", () => {
    needPostgres();
    test(`with servers in ${TORTURE ? "50" : "12"} processes`, async () => {
      const size = TORTURE ? { servers: 50, revocations: 1_000 } : { servers: 12, revocations: 20 };
      await runFleet("postgres:", await aPostgres(), size);
    }, 1_200_000);

    test("with 50 servers in one process", async () => {
      const place = await aPostgres();
      const store = await open(place);
      const keys = createKeys({ store });
      await keys.generate({ name: "first", expiresAt: null });
      const stores = await Promise.all(Array.from({ length: 50 }, () => open(place)));
      const verifiers = await Promise.all(stores.map((each) => createVerifier({ store: each })));
      onTestFinished(async () => {
        await Promise.all(verifiers.map((each) => each.close()));
      });
      const took: number[] = [];
      for (let i = 0; i < (TORTURE ? 300 : 20); i++) {
        const { key, token, position } = await keys.generate({ name: `key-${String(i)}`, expiresAt: null });
        await waitForServers(store, position);
        expect(verifiers.filter((each) => each.verify(token.reveal()).ok)).toHaveLength(50);
        const start = performance.now();
        const { position: revoked } = await keys.revoke(key.id);
        const { of, lagging } = await waitForServers(store, revoked);
        took.push(performance.now() - start);
        expect({ of, lagging }).toEqual({ of: 50, lagging: [] });
        expect(verifiers.filter((each) => each.verify(token.reveal()).ok)).toEqual([]);
      }
      const { p50, p99 } = spreadOf(took);
      console.log(`postgres:, 50 servers in one process: confirmed p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
    }, 600_000);
  });
});
