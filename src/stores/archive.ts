import { isWithheld } from "../core/digest.ts";
import type { Key } from "../core/key.ts";
import { shellQuote } from "../core/shell-quote.ts";
import { KeysError } from "../errors.ts";
import { changesAfter } from "./journal/read/changes.ts";
import { realDisk } from "./journal/disk/disk.ts";
import { checkFolder } from "./journal/disk/folder.ts";
import { JournalReader } from "./journal/read/journal-reader.ts";
import { Mutex } from "./mutex.ts";
import { versionOf } from "./ledger.ts";
import { parsePath } from "./location.ts";
import type { KeyStore, StoreWorld } from "./store.ts";

/**
 * Opens the history that a compaction moved to `location`, a path, `~/` allowed: what was so when it was compacted, to be
 * looked at. Its seal, which says where it goes on, is not a change.
 * @throws {@link KeysError} `USAGE` without a path. With the first use: `STORE_UNAVAILABLE` when it is not there or is still
 *   being written, `STORE_INSECURE`, `STORE_DAMAGED`.
 */
export async function openArchiveStore(location: string, { env, uid }: StoreWorld): Promise<KeyStore> {
  if (location === "") {
    throw new KeysError("USAGE", "archive: names no file", { hint: "write it with a path: --store archive:<path>" });
  }
  const place = { path: parsePath(location, env), uid, ownsFolder: false, digests: "either" as const };
  const mutex = new Mutex();
  let opened: JournalReader | null = null;
  let closed = false;

  const take = <T>(job: (reading: JournalReader) => T | Promise<T>): Promise<T> =>
    mutex.run(async () => {
      if (closed) throw new KeysError("STORE_UNAVAILABLE", `${place.path} is closed`, { hint: "open the store again" });
      return job((opened ??= await openSealed()));
    });

  /** What is sealed takes no more records, so it is read once. */
  async function openSealed(): Promise<JournalReader> {
    await checkFolder(realDisk, place);
    const reading = await JournalReader.open(realDisk, place, { whole: false, checkpointEvery: Infinity });
    if (reading === null) {
      throw new KeysError("STORE_UNAVAILABLE", `there is no archive ${place.path}`, {
        hint: "name the file that was given to: mcp-keys audit --archive <file>",
      });
    }
    if (reading.chain.next !== null) return reading;
    await reading.close();
    throw new KeysError("STORE_UNAVAILABLE", `${place.path} is not an archive: no compaction has ended it`, {
      hint: `open it as a store: --store file:${shellQuote(place.path)}`,
    });
  }

  const lastOf = (reading: JournalReader) => reading.chain.seq - 1;
  const refuse = async (): Promise<never> => {
    throw new KeysError("STORE_READ_ONLY", `${place.path} is an archive and cannot be changed`);
  };
  return {
    spec: `archive:${place.path}`,
    readOnly: true,
    isArchive: true,
    path: place.path,
    get: (ref) => take(({ keys }) => keys.byId(ref) ?? keys.byName(ref)),
    find: (digest) =>
      take(({ keys }) => {
        const found = versionOf(keys.byDigest(digest), digest);
        if (found !== null || !keys.list().some(isKept)) return found;
        throw new KeysError("STORE_UNAVAILABLE", `the digests of ${place.path} were in a keychain and are not here`);
      }),
    list: () => take(({ keys }) => keys.list()),
    snapshot: () => take((reading) => ({ seq: lastOf(reading), keys: reading.keys.list() })),
    changes: (since) =>
      changesAfter(since, (first, limit) =>
        take(async (each) => (await each.changes(first, limit)).filter(({ seq }) => seq <= lastOf(each))),
      ),
    write: refuse,
    touch: refuse,
    watch: async () => () => {},
    close: () =>
      mutex.run(async () => {
        closed = true;
        await opened?.close();
        opened = null;
      }),
  };
}

function isKept({ versions }: Key): boolean {
  return versions.some(({ digest }) => isWithheld(digest));
}
