import { isWithheld } from "../core/digest.ts";
import type { Key } from "../core/key.ts";
import { NO_USAGE } from "../core/usage.ts";
import { shellQuote } from "../core/shell-quote.ts";
import { KeysError } from "../errors.ts";
import { changesAfter } from "./journal/read/changes.ts";
import { realDisk } from "./journal/disk/disk.ts";
import { checkFolder } from "./journal/disk/folder.ts";
import { JournalReader } from "./journal/read/journal-reader.ts";
import { Mutex } from "./mutex.ts";
import { versionOf } from "./key-map.ts";
import { formatFileLocation, parseFileLocation } from "./location.ts";
import type { KeyStore, StoreWorld } from "./store.ts";

/**
 * Opens the archive of a compaction: the keys and the history as they were then, read-only. The seal at its end is not a change.
 * @param location - as of a `file:` store, but not empty
 * @throws {@link KeysError} `USAGE` without a path. On first use: `STORE_UNAVAILABLE` if the file is missing or is a store that is
 *   still written, `STORE_INSECURE`, `STORE_DAMAGED`.
 */
export async function openArchiveStore(location: string, { env, uid }: StoreWorld): Promise<KeyStore> {
  if (location === "") {
    throw new KeysError("USAGE", "archive: needs a path", { hint: "add one: --store archive:<path>" });
  }
  const parsed = parseFileLocation(location, env);
  const archive = { ...parsed, uid, ownsFolder: false, digests: "either" as const };
  const mutex = new Mutex();
  let opened: JournalReader | null = null;
  let closed = false;

  const run = <T>(job: (reader: JournalReader) => T | Promise<T>): Promise<T> =>
    mutex.run(async () => {
      if (closed) {
        throw new KeysError("STORE_UNAVAILABLE", `${archive.path} is closed`, { hint: "open the store again" });
      }
      // Read once, because nothing can be appended after the seal.
      return job((opened ??= await openSealed()));
    });

  async function openSealed(): Promise<JournalReader> {
    await checkFolder(realDisk, archive);
    const reader = await JournalReader.open(realDisk, archive, { need: "all", checkpointEvery: Infinity });
    if (reader === null) {
      throw new KeysError("STORE_UNAVAILABLE", `there is no archive ${archive.path}`, {
        hint: "use the file that was passed to: mcp-keys audit --archive <file>",
      });
    }
    if (reader.chain.next !== null) return reader;
    await reader.close();
    throw new KeysError("STORE_UNAVAILABLE", `${archive.path} is not an archive but a store in use`, {
      hint: `open it as a store: --store file:${shellQuote(archive.path)}`,
    });
  }

  const positionOf = (reader: JournalReader) => ({ epoch: reader.chain.epoch, seq: lastSeq(reader) });
  const lastSeq = (reader: JournalReader) => reader.chain.seq - 1;
  const refuse = async (): Promise<never> => {
    throw new KeysError("STORE_READ_ONLY", `${archive.path} is an archive and cannot be changed`);
  };
  return {
    spec: `archive:${formatFileLocation(parsed)}`,
    readOnly: true,
    isArchive: true,
    path: archive.path,
    get: (ref) => run(({ keys }) => keys.byId(ref) ?? keys.byName(ref)),
    find: (digest) =>
      run(({ keys }) => {
        const found = versionOf(keys.byDigest(digest), digest);
        if (found !== null || !keys.list().some(lacksDigests)) return found;
        throw new KeysError("STORE_UNAVAILABLE", `${archive.path} has no digests, because they were in a keychain`);
      }),
    list: () => run(({ keys }) => keys.list()),
    position: () => run(positionOf),
    snapshot: () => run((reader) => ({ ...positionOf(reader), keys: reader.keys.list() })),
    changes: (since) =>
      changesAfter(since, (first, limit) =>
        run(async (reader) => (await reader.changes(first, limit)).filter(({ seq }) => seq <= lastSeq(reader))),
      ),
    write: refuse,
    touch: refuse,
    usage: async () => NO_USAGE,
    watch: async () => () => {},
    close: () =>
      mutex.run(async () => {
        closed = true;
        await opened?.close();
        opened = null;
      }),
  };
}

function lacksDigests({ versions }: Key): boolean {
  return versions.some(({ digest }) => isWithheld(digest));
}
