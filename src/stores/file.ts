import type { Disk } from "./journal/disk/disk.ts";
import { openJournal } from "./journal/store.ts";
import { inDataDir, parsePath } from "./location.ts";
import type { KeyStore, StoreWorld } from "./store.ts";

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
  disk?: Disk,
  checkpointEvery?: number,
): Promise<FileStore> {
  const path = location === "" ? inDataDir("keys.jsonl", world) : parsePath(location, world.env);
  const place = { path, uid: world.uid, ownsFolder: location === "" };
  return openJournal(`file:${path}`, place, { ...(disk !== undefined && { disk }), checkpointEvery });
}
