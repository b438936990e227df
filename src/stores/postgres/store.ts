import { KeysError } from "../../errors.ts";
import { versionOf } from "../key-map.ts";
import { Mutex } from "../mutex.ts";
import type { KeyStore } from "../store.ts";
import { adoptHistory } from "./adopt.ts";
import { readChanges } from "./changes.ts";
import { Database } from "./database.ts";
import type { PostgresPool } from "./client.ts";
import { startEpoch } from "./epoch.ts";
import { acknowledge, listFollowers, unfollow } from "./followers.ts";
import { Continuity } from "./head.ts";
import { findKey, getKey, readPosition, readSnapshot } from "./read.ts";
import { removeStore } from "./remove.ts";
import type { Tables } from "./tables.ts";
import { forget, readUsage, touch } from "./uses.ts";
import { watchStore } from "./watch.ts";
import { writeDraft } from "./write.ts";

/** A store in PostgreSQL has every optional method but `compact`, because a database holds a long history, `load` and `report`. */
export type PostgresStore = KeyStore & Required<Omit<KeyStore, "compact" | "load" | "report" | "path">>;

export interface PostgresSource {
  /** Makes the pool on first use. */
  readonly createPool: () => Promise<PostgresPool>;
  /** Whether to close the pool with the store. */
  readonly ownsPool: boolean;
  readonly schema: string;
  readonly spec: string;
  /** Names the database in messages. */
  readonly place: string;
  /** False to poll only; `undefined` to listen where it works. */
  readonly listen: boolean | undefined;
}

/** Opens a store in PostgreSQL. Connects on first use. */
export function createPostgresStore(options: PostgresSource): PostgresStore {
  const { schema, spec, place } = options;
  const database = new Database(options.createPool, options.ownsPool);
  const tables: Tables = { database, schema, place, continuity: new Continuity(place) };
  // Writers wait for each other anyway, and each would hold a connection meanwhile.
  const writes = new Mutex();
  const stops = new Set<() => void>();
  let followed: string | null = null;
  let closed = false;

  return {
    ...{ spec, readOnly: false, isArchive: false },
    get: (ref) => getKey(tables, ref),
    find: async (digest) => versionOf(await findKey(tables, digest), digest),
    list: async () => (await readSnapshot(tables)).keys,
    position: () => readPosition(tables),
    async snapshot() {
      const snapshot = await readSnapshot(tables);
      followed = snapshot.epoch;
      return snapshot;
    },
    changes: (since, { epoch: known = followed } = {}) =>
      readChanges(tables, since, (epoch) => known === null || known === epoch),
    write: (draft) => writes.run(() => writeDraft(tables, draft)),
    adopt: (history) => writes.run(() => adoptHistory(tables, history)),
    remove: (removal) => writes.run(() => removeStore(tables, removal)),
    startEpoch: (by) => writes.run(() => startEpoch(tables, by)),
    async watch(wake, report) {
      if (closed) throw new KeysError("STORE_UNAVAILABLE", `${place} is closed`, { hint: "open the store again" });
      const stop = await watchStore(tables, options.listen, wake, report);
      stops.add(stop);
      return () => {
        stops.delete(stop);
        stop();
      };
    },
    touch: (uses, news) => touch(tables, uses, news),
    usage: () => readUsage(tables),
    forget: (server) => forget(tables, server),
    followers: () => listFollowers(tables),
    acknowledge: (news) => acknowledge(tables, news),
    unfollow: (id) => unfollow(tables, id),
    async close() {
      closed = true;
      for (const stop of stops) stop();
      stops.clear();
      await database.close();
    },
  };
}
