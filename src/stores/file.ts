import { join, resolve } from "node:path";
import { KeysError } from "../errors.ts";
import { changesAfter } from "./journal/changes.ts";
import { compactJournal } from "./journal/compact.ts";
import { realDisk } from "./journal/disk.ts";
import type { Disk } from "./journal/disk.ts";
import type { Place } from "./journal/folder.ts";
import { Journal } from "./journal/journal.ts";
import { LastUse } from "./journal/last-use.ts";
import { adoptHistory, removeJournal } from "./journal/move.ts";
import { Turns } from "./journal/turns.ts";
import { watchFile } from "./journal/watch.ts";
import { versionOf } from "./ledger.ts";
import { parsePath } from "./location.ts";
import type { KeyStore, StoreWorld } from "./store.ts";

const POLL_MS = 1_000;

/** A store in a file has all that a store may have. */
export type FileStore = Required<KeyStore>;

/**
 * Opens the journal at `location`: a path, `~/` allowed; empty for `keys.jsonl` in the user's data folder. See `docs/journal.md`.
 * @throws {@link KeysError} `STORE_UNAVAILABLE` when there is no data folder; `STORE_INSECURE` and `STORE_DAMAGED` come with
 *   the first use.
 */
export async function openFileStore(
  location: string,
  world: StoreWorld,
  disk: Disk = realDisk,
  markEvery?: number,
): Promise<FileStore> {
  const place: Place = { path: pathOf(location, world), uid: world.uid, ours: location === "" };
  const journal = new Journal(disk, place, markEvery);
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
    spec: `file:${place.path}`,
    readOnly: false,
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
    snapshot: () => take(all),
    write: (draft) => take(() => journal.write(draft)),
    changes: (since) =>
      changesAfter(since, (first, limit) => take(async () => (await journal.catchUp())?.changes(first, limit) ?? [])),
    async watch(wake) {
      const stop = await watchFile(disk, place.path, POLL_MS, wake);
      stops.add(stop);
      return () => {
        stops.delete(stop);
        stop();
      };
    },
    touch: (uses) => take(() => lastUse.add(uses)),
    compact: (options) => take(() => compactJournal(disk, place, journal, options)),
    adopt: (history) => take(() => adoptHistory(disk, place, journal, history)),
    remove: (options) => take(() => removeJournal(disk, place, journal, options)),
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

function pathOf(location: string, world: StoreWorld): string {
  if (location !== "") return parsePath(location, world.env);
  if (world.dataDir !== null) return join(resolve(world.dataDir), "keys.jsonl");
  throw new KeysError("STORE_UNAVAILABLE", "there is no data folder to keep the keys in, since HOME is not set", {
    hint: "set HOME, or name a file: --store file:<path>",
  });
}
