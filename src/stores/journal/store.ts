import { KeysError } from "../../errors.ts";
import { versionOf } from "../ledger.ts";
import type { Change, Draft, KeyStore, RemoveOptions } from "../store.ts";
import { changesAfter } from "./read/changes.ts";
import { compactJournal } from "./replace/compact.ts";
import { realDisk } from "./disk/disk.ts";
import type { Disk } from "./disk/disk.ts";
import type { Place } from "./disk/folder.ts";
import type { LazyKeys } from "./read/lazy-keys.ts";
import { Journal } from "./journal.ts";
import { LastUse } from "./last-use.ts";
import { adoptHistory, removeJournal } from "./replace/adopt-remove.ts";
import { Turns } from "../mutex.ts";
import { watchFile } from "./disk/watch.ts";

const POLL_MS = 1_000;

/** A store in a journal has all that a store may have, and lets a store that is built on it join in. */
export interface JournalStore extends Required<KeyStore> {
  /** @param check - Is shown what the draft is to follow, each time that changes; what it throws ends the write. */
  write(draft: Draft, check?: (keys: LazyKeys | null) => Promise<void>): Promise<Change>;
  /** @param first - Runs when nobody can write any more, before the files go. */
  remove(options: RemoveOptions, first?: () => Promise<void>): Promise<void>;
}

/** How the disk is reached, and when a mark is worth while; for tests. */
export interface JournalOptions {
  readonly disk?: Disk;
  readonly checkpointEvery?: number | undefined;
}

/** Opens the journal at a place. `STORE_INSECURE` and `STORE_DAMAGED` come with the first use. */
export function openJournal(spec: string, place: Place, options: JournalOptions = {}): JournalStore {
  const { disk = realDisk, checkpointEvery } = options;
  const journal = new Journal(disk, place, checkpointEvery);
  const lastUse = new LastUse(disk, place);
  const turns = new Turns();
  const stops = new Set<() => void>();
  let closed = false;

  const take = <T>(job: () => Promise<T>): Promise<T> =>
    turns.take(() => {
      if (closed) throw new KeysError("STORE_UNAVAILABLE", `${place.path} is closed`, { hint: "open the store again" });
      return job();
    });

  return {
    spec,
    readOnly: false,
    tokensCarryIds: true,
    isPast: false,
    path: place.path,
    get: (ref) =>
      take(async () => {
        const keys = (await journal.catchUp())?.keys;
        const key = keys?.byId(ref) ?? keys?.byName(ref) ?? null;
        return key === null ? null : (await lastUse.read()).fill(key);
      }),
    find: (digest) =>
      take(async () => {
        const key = (await journal.catchUp())?.keys.byDigest(digest) ?? null;
        return key === null ? null : versionOf((await lastUse.read()).fill(key), digest);
      }),
    list: () => take(async () => (await all()).keys),
    snapshot: () =>
      take(async () => {
        const snapshot = await all();
        journal.release();
        return snapshot;
      }),
    write: (draft, check) => take(() => journal.write(draft, check)),
    changes: (since) =>
      changesAfter(since, (first, limit) => take(async () => (await journal.follow())?.changes(first, limit) ?? [])),
    async watch(wake) {
      const stop = await watchFile(disk, place.path, POLL_MS, wake);
      stops.add(stop);
      return () => {
        stops.delete(stop);
        stop();
      };
    },
    touch: (uses) => take(() => lastUse.add(uses)),
    compact: (compaction) => take(() => compactJournal(disk, place, journal, compaction)),
    adopt: (history) => take(() => adoptHistory(disk, place, journal, history)),
    remove: (removal, first) => take(() => removeJournal(disk, place, journal, removal, first)),
    close: () =>
      turns.take(async () => {
        closed = true;
        for (const stop of stops) stop();
        stops.clear();
        await journal.close();
      }),
  };

  async function all() {
    const reading = await journal.catchUp(true);
    const uses = await lastUse.read();
    return { seq: reading?.chain.seq ?? 0, keys: (reading?.keys.list() ?? []).map((key) => uses.fill(key)) };
  }
}
