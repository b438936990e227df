import type { Disk } from "./journal/disk/disk.ts";
import { openJournal } from "./journal/store.ts";
import { formatFileLocation, inDataDir, parseFileLocation } from "./location.ts";
import type { StoreWorld, WritableStore } from "./store.ts";

/** A file store implements all optional methods. */
export type FileStore = WritableStore;

/**
 * Opens a journal as a store. See `docs/journal.md`.
 * @param location - a path; `~/` is the home folder. Empty for `keys.jsonl` in the user's data folder. `?group=read` or
 *   `?group=write` after the path allows its group to read or to write it.
 * @throws {@link KeysError} `USAGE` for an unknown option, `STORE_UNAVAILABLE` without a data folder. On first use: `STORE_INSECURE`, `STORE_DAMAGED`.
 */
export async function openFileStore(
  location: string,
  world: StoreWorld,
  disk?: Disk,
  checkpointEvery?: number,
): Promise<FileStore> {
  const ownsFolder = location === "";
  const parsed = ownsFolder ? { path: inDataDir("keys.jsonl", world) } : parseFileLocation(location, world.env);
  const journal = { ...parsed, uid: world.uid, ownsFolder };
  return openJournal(`file:${formatFileLocation(parsed)}`, journal, {
    ...(disk !== undefined && { disk }),
    checkpointEvery,
  });
}
