import { basename, dirname } from "node:path";
import { KeysError } from "../../../errors.ts";
import type { Key } from "../../../core/key.ts";
import type { Change, Compacted, CompactOptions } from "../../store.ts";
import type { Disk } from "../disk/disk.ts";
import type { JournalLocation } from "../disk/folder.ts";
import { sidecarOf } from "../disk/sidecars.ts";
import { codeOf, faultOf } from "../disk/fault.ts";
import { syncFolder } from "../disk/folder.ts";
import { isSameFile, stateOf } from "../disk/open.ts";
import type { FileState } from "../disk/open.ts";
import type { Journal } from "../journal.ts";
import type { JournalReader } from "../read/journal-reader.ts";
import { replaceJournal, writeSuccessor } from "./successor.ts";
import type { Successor } from "./successor.ts";

/** The approximate size of a line, in bytes. Short lines keep the lookup of one key cheap. */
const LINE_BYTES = 32 * 1024;
const MAX_ATTEMPTS = 20;

/**
 * Replaces a journal with one that has each key once. After a crash at any step, either the old journal is unchanged or the next
 * process that reads it finishes the compaction.
 * @throws {@link KeysError} `STORE_CONFLICT` if other processes keep writing, `OUTPUT_EXISTS` if the archive exists, `USAGE` if its
 *   name is reserved for sidecars, `STORE_READ_ONLY` if the journal has ended
 */
export async function compactJournal(
  disk: Disk,
  location: JournalLocation,
  journal: Journal,
  { at, by, archive }: CompactOptions,
): Promise<Compacted> {
  if (archive !== undefined) checkArchive(location, archive);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const reader = await journal.catchUpToWrite("parsed");
    if (reader === null) return { seq: 0, before: 0, after: 0 };
    const { seq } = reader.chain;
    const linked = archive !== undefined && (await keepArchive(disk, location, reader.file, archive));
    const successor = await writeKeys(disk, location, reader, { at, by });
    const seal: Change = { seq: seq + 1, at, by, op: "compact", keys: [] };
    if (successor !== null && (await replaceJournal(disk, location, journal, successor, seal))) {
      return { seq: successor.last, before: reader.size, after: successor.size };
    }
    if (linked) await disk.unlink(archive).catch(() => {});
  }
  throw new KeysError("STORE_CONFLICT", `${location.path} kept changing while it was compacted`);
}

/** Writes the keys of a journal to a file that continues it. */
async function writeKeys(
  disk: Disk,
  location: JournalLocation,
  { chain: { seq, head, epoch }, keys }: JournalReader,
  { at, by }: Pick<Change, "at" | "by">,
): Promise<Successor | null> {
  const changes = inBatches(keys.list()).map((each, i): Change => ({
    ...{ seq: seq + 1 + i, at, by, op: "compact", keys: each },
  }));
  return writeSuccessor(disk, location, {
    ...{ changes, last: seq + changes.length, prev: head },
    // Without a record there is no epoch yet.
    epoch: seq === 0 ? undefined : epoch,
  });
}

/** Returns at least one batch, even without keys. */
function inBatches(keys: readonly Key[]): Key[][] {
  const batches: Key[][] = [];
  let batch: Key[] = [];
  let size = 0;
  for (const key of keys) {
    const { length } = JSON.stringify(key);
    if (size + length > LINE_BYTES && batch.length > 0) {
      batches.push(batch);
      batch = [];
      size = 0;
    }
    batch.push(key);
    size += length;
  }
  return [...batches, batch];
}

/** @throws {@link KeysError} `USAGE` for the name of a sidecar, because the archive would be replaced or removed */
function checkArchive(location: JournalLocation, archive: string): void {
  const name = basename(archive);
  if (name === "")
    throw new KeysError("USAGE", "the path of the archive names no file", { hint: "name a file on the same disk" });
  if (sidecarOf(location, name) === null) return;
  throw new KeysError("USAGE", `the name ${name} is reserved for a file of the store`, {
    hint: "choose another name for the archive",
  });
}

/**
 * Links the journal to the path of the archive. Returns `false` if an earlier run that crashed had already linked it.
 * @param file - the journal
 * @throws {@link KeysError} `OUTPUT_EXISTS` if another file, or the journal itself, has this path
 */
async function keepArchive(disk: Disk, location: JournalLocation, file: FileState, archive: string): Promise<boolean> {
  let linked = true;
  try {
    await disk.link(location.path, archive);
  } catch (cause) {
    if (codeOf(cause) !== "EEXIST") throw faultOf(cause, "create", archive);
    linked = false;
  }
  if (!linked && !(await isSecondName(disk, location, file, archive))) {
    throw new KeysError("OUTPUT_EXISTS", `${archive} already exists`, {
      hint: "choose another name for the archive",
    });
  }
  // The link must be durable before the seal, because the seal gives the journal's name to another file.
  await syncFolder(disk, dirname(archive));
  return linked;
}

/** Checks whether the archive is a second link to the journal, left by a crash, and not the journal itself. */
async function isSecondName(disk: Disk, location: JournalLocation, file: FileState, archive: string): Promise<boolean> {
  // A symbolic link or an insecure file is a different file.
  const state = await stateOf(disk, archive, location).catch(() => null);
  if (state === null || !isSameFile(state, file)) return false;
  try {
    return (await disk.realpath(archive)) !== (await disk.realpath(location.path));
  } catch (cause) {
    throw faultOf(cause, "read", archive);
  }
}
