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
import { formatSuccessor, replaceJournal } from "./successor.ts";

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
    const { seq, head, epoch } = reader.chain;
    const toChange = (keys: readonly Key[], i: number): Change => ({ seq: seq + 1 + i, at, by, op: "compact", keys });
    const successor = formatSuccessor(inBatches(reader.keys.list()).map(toChange), head, seq === 0 ? undefined : epoch);
    const linked = archive !== undefined && (await keepArchive(disk, location, reader.file, archive));
    if (await replaceJournal(disk, location, journal, successor, toChange([], 0))) {
      const after = successor.bytes.reduce((sum, each) => sum + each.length, 0);
      return { seq: successor.last, before: reader.size, after };
    }
    if (linked) await disk.unlink(archive).catch(() => {});
  }
  throw new KeysError("STORE_CONFLICT", `${location.path} kept changing while it was compacted`);
}

/** Returns at least one batch, even without keys. */
function inBatches(keys: readonly Key[]): Key[][] {
  const batches: Key[][] = [[]];
  let size = 0;
  for (const key of keys) {
    size += JSON.stringify(key).length;
    if (size > LINE_BYTES) {
      size = 0;
      batches.push([]);
    }
    batches.at(-1)?.push(key);
  }
  return batches[0]?.length === 0 && batches.length > 1 ? batches.slice(1) : batches;
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
