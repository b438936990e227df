import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createKeys, createVerifier, openStore, waitForServers, type KeyStore } from "../../src/index.ts";
import { aDatabase, needPostgres } from "../postgres/shared.ts";
import { buildFollower, measureFleet, spreadOf, startFollower, type FleetFigures } from "./fleet.ts";

const TORTURE = process.env["MCP_KEYS_TORTURE"] === "1";

let follower: Awaited<ReturnType<typeof buildFollower>>;
beforeAll(async () => {
  follower = await buildFollower();
});
afterAll(() => follower.remove());

/** What a test needs of a store: how to open it here, and in another process. */
interface Place {
  readonly spec: string;
  readonly env: Record<string, string>;
  readonly open: () => Promise<KeyStore>;
}

async function aFile(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "mcp-keys-fleet-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const spec = `file:${join(folder, "keys.jsonl")}`;
  return { spec, env: {}, open: () => openStore(spec) };
}

async function aPostgres(): Promise<Place> {
  const { url, password } = await aDatabase();
  const env = { PGPASSWORD: password };
  return { spec: url, env, open: () => openStore(url, { env }) };
}

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
  const store = await place.open();
  onTestFinished(() => store.close());
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
      const store = await place.open();
      onTestFinished(() => store.close());
      const keys = createKeys({ store });
      await keys.generate({ name: "first", expiresAt: null });
      const stores = await Promise.all(Array.from({ length: 50 }, place.open));
      const verifiers = await Promise.all(stores.map((each) => createVerifier({ store: each })));
      onTestFinished(async () => {
        await Promise.all(verifiers.map((each) => each.close()));
        await Promise.all(stores.map((each) => each.close()));
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
