import { afterAll, beforeAll, onTestFinished } from "vitest";
import { createKeys, openStore, type KeyStore } from "../../src/index.ts";
import type { Cluster } from "../postgres/cluster.ts";
import { startPostgres } from "../postgres/cluster.ts";
import { createDatabase, type Database } from "../postgres/database.ts";
import { aDatabase } from "../postgres/shared.ts";
import { aFolder } from "../stores/place.ts";
import { buildFollower } from "./fleet.ts";
import { Fleet } from "./rounds.ts";

/** Where a store is, for this process and for others. */
export interface Place {
  readonly spec: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface FleetSize {
  /** The bundled follower. */
  readonly program: string;
  readonly servers: number;
  /** Seconds. */
  readonly maxStaleness: number;
  /** The clock of the writer. */
  readonly now?: () => number;
}

/** Bundles the follower before the tests of a file, and removes it after them. Its `program` is there once they run. */
export function aFollowerProgram(): { readonly program: string } {
  let built: Awaited<ReturnType<typeof buildFollower>> | undefined;
  beforeAll(async () => {
    built = await buildFollower();
  });
  afterAll(() => built?.remove());
  return {
    get program() {
      if (built === undefined) throw new Error("the follower is not bundled yet");
      return built.program;
    },
  };
}

export async function aFile(): Promise<Place> {
  return { spec: `file:${await aFolder()}/keys.jsonl`, env: {} };
}

export async function aPostgres(): Promise<Place> {
  return placeOf(await aDatabase());
}

/** @param port - of something in front of the database */
export function placeOf({ urlFor, site, password }: Database, port = site.port): Place {
  return { spec: urlFor({ port }), env: { PGPASSWORD: password } };
}

/** Starts a cluster of its own, with an empty database. It ends with the test. */
export async function aCluster(settings: readonly string[] = []): Promise<{ cluster: Cluster; database: Database }> {
  const cluster = await startPostgres(settings);
  onTestFinished(() => cluster.remove());
  return { cluster, database: await createDatabase(cluster) };
}

/** Opens a store as another process would. It is closed after the test. */
export async function open({ spec, env }: Place): Promise<KeyStore> {
  const store = await openStore(spec, { env });
  onTestFinished(() => store.close());
  return store;
}

/**
 * Starts servers that follow a store.
 * @param writer - the way of the writer to the store, if it is another one
 */
export async function aFleet(place: Place, size: FleetSize, writer: Place = place): Promise<Fleet> {
  const store = await open(writer);
  const { program, servers, maxStaleness, now } = size;
  await createKeys({ store, ...(now !== undefined && { now }) }).generate({ name: "first", expiresAt: null });
  const fleet = new Fleet({ ...place, store, program, maxStaleness, ...(now !== undefined && { now }) });
  await Promise.all(Array.from({ length: servers }, (_, i) => fleet.join(`web-${String(i)}`)));
  return fleet;
}
