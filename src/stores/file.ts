import type { Disk } from "./journal/disk/disk.ts";
import { openJournal } from "./journal/store.ts";
import { inDataDir, parsePath } from "./location.ts";
import type { KeyStore, StoreWorld } from "./store.ts";

/** A file store implements all optional methods. */
export type FileStore = Required<KeyStore>;

/**
 * Opens a journal as a store. See `docs/journal.md`.
 * @param location - a path; `~/` is the home folder. Empty for `keys.jsonl` in the user's data folder.
 * @throws {@link KeysError} `STORE_UNAVAILABLE` without a data folder. On first use: `STORE_INSECURE`, `STORE_DAMAGED`.
 */
export async function openFileStore(
  location: string,
  world: StoreWorld,
  disk?: Disk,
  checkpointEvery?: number,
): Promise<FileStore> {
  const path = location === "" ? inDataDir("keys.jsonl", world) : parsePath(location, world.env);
  const journal = { path, uid: world.uid, ownsFolder: location === "" };
  return openJournal(`file:${path}`, journal, { ...(disk !== undefined && { disk }), checkpointEvery });
}
