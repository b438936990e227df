import type { Position } from "../../core/position.ts";
import { KeysError } from "../../errors.ts";
import { versionOf } from "../key-map.ts";
import type { Draft, RemoveOptions, WritableStore, Written } from "../store.ts";
import { changesAfter } from "./read/changes.ts";
import { compactJournal } from "./replace/compact.ts";
import { realDisk } from "./disk/disk.ts";
import type { Disk } from "./disk/disk.ts";
import type { JournalLocation } from "./disk/folder.ts";
import type { JournalReader } from "./read/journal-reader.ts";
import type { LazyKeys } from "./read/lazy-keys.ts";
import { EMPTY_EPOCH } from "./format/epoch.ts";
import { Journal } from "./journal.ts";
import { FollowerFiles } from "./follower-files.ts";
import { LastUsedFiles } from "./last-used-files.ts";
import { startEpoch } from "./replace/start-epoch.ts";
import { adoptHistory, removeJournal } from "./replace/adopt-remove.ts";
import { Mutex } from "../mutex.ts";
import type { MachineClock } from "../../process/machine-clock.ts";
import { watchFile } from "./disk/watch.ts";

const POLL_MS = 1_000;

/** A journal store implements all optional methods. The extra parameters are for the keychain store, which builds on it. */
export interface JournalStore extends WritableStore {
  /** @param check - called before each attempt with the current keys; an error that it throws ends the write */
  write(draft: Draft, check?: (keys: LazyKeys | null) => Promise<void>): Promise<Written>;
  /** @param beforeRemoval - runs after the journal is closed to writers and before its files are removed */
  remove(options: RemoveOptions, beforeRemoval?: () => Promise<void>): Promise<void>;
}

/** For tests. */
export interface JournalOptions {
  readonly disk?: Disk;
  /** See {@link JournalReaderOptions.checkpointEvery}. */
  readonly checkpointEvery?: number | undefined;
  readonly clock?: MachineClock | undefined;
}

/** Opens a journal as a store. Touches no file; `STORE_INSECURE` and `STORE_DAMAGED` are thrown by the first method call. */
export function openJournal(spec: string, location: JournalLocation, options: JournalOptions = {}): JournalStore {
  const { disk = realDisk, checkpointEvery, clock } = options;
  const journal = new Journal(disk, location, checkpointEvery);
  const lastUsed = new LastUsedFiles(disk, location);
  // Marks this process, which reads files of the system. Most commands need no followers.
  let openFollowers: FollowerFiles | undefined;
  const followers = (): FollowerFiles => (openFollowers ??= new FollowerFiles(disk, location, clock));
  const mutex = new Mutex();
  const stops = new Set<() => void>();
  /** The epoch of the last snapshot. */
  let known: string | null = null;
  let closed = false;

  const run = <T>(job: () => Promise<T>): Promise<T> =>
    mutex.run(() => {
      if (closed)
        throw new KeysError("STORE_UNAVAILABLE", `${location.path} is closed`, { hint: "open the store again" });
      return job();
    });

  return {
    spec,
    readOnly: false,
    isArchive: false,
    path: location.path,
    get: (ref) =>
      run(async () => {
        const keys = (await journal.catchUp())?.keys;
        const key = keys?.byId(ref) ?? keys?.byName(ref) ?? null;
        return key === null ? null : (await lastUsed.read()).fill(key);
      }),
    find: (digest) =>
      run(async () => {
        const key = (await journal.catchUp())?.keys.byDigest(digest) ?? null;
        return key === null ? null : versionOf((await lastUsed.read()).fill(key), digest);
      }),
    list: () => run(async () => (await all()).keys),
    position: () => run(async () => positionOf(await journal.follow())),
    snapshot: () =>
      run(async () => {
        const snapshot = await all();
        journal.release();
        known = snapshot.epoch;
        return snapshot;
      }),
    load: (take) =>
      run(async () => {
        const reader = await journal.catchUp("all");
        const uses = await lastUsed.read();
        await reader?.keys.pour((key) => take(uses.fill(key)));
        journal.release();
        const position = positionOf(reader);
        known = position.epoch;
        return position;
      }),
    write: (draft, check) => run(async () => journal.write(draft, check)),
    async *changes(since, { epoch = known } = {}) {
      // What follows in another epoch does not follow on from what was read before.
      const isOther =
        since > 0 && (await run(async () => epoch !== null && epoch !== positionOf(await journal.follow()).epoch));
      const read = (first: number, limit: number) =>
        run(async () => (await journal.follow())?.changes(first, limit) ?? []);
      yield* changesAfter(isOther ? 0 : since, read);
    },
    async watch(wake) {
      const stop = await watchFile(disk, location.path, POLL_MS, wake);
      stops.add(stop);
      return () => {
        stops.delete(stop);
        stop();
      };
    },
    touch: (uses, news) => run(() => lastUsed.add(uses, news)),
    usage: () => run(async () => (await lastUsed.read()).usage()),
    forget: (server) => run(() => lastUsed.forget(server)),
    followers: () => run(() => followers().list()),
    acknowledge: (news) => run(() => followers().acknowledge(news)),
    unfollow: (id) => run(() => followers().unfollow(id)),
    compact: (compaction) => run(() => compactJournal(disk, location, journal, compaction)),
    startEpoch: (options) => run(() => startEpoch(disk, location, journal, options)),
    adopt: (history) => run(() => adoptHistory(disk, location, journal, history)),
    remove: (removal, beforeRemoval) => run(() => removeJournal(disk, location, journal, removal, beforeRemoval)),
    close: () =>
      mutex.run(async () => {
        closed = true;
        for (const stop of stops) stop();
        stops.clear();
        await openFollowers?.close();
        await journal.close();
      }),
  };

  async function all() {
    const reader = await journal.catchUp("parsed");
    const uses = await lastUsed.read();
    return {
      ...positionOf(reader),
      keys: (reader?.keys.list() ?? []).map((key) => uses.fill(key)),
    };
  }
}

function positionOf(reader: JournalReader | null): Position {
  return { epoch: reader?.chain.epoch ?? EMPTY_EPOCH, seq: reader?.chain.seq ?? 0 };
}
