import { createHash, randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import type { Change } from "../../store.ts";
import { sidecars } from "../disk/sidecars.ts";
import type { Access } from "../../file-access.ts";
import type { Disk } from "../disk/disk.ts";
import { faultOf } from "../disk/fault.ts";
import { syncFolder } from "../disk/folder.ts";
import type { JournalLocation } from "../disk/folder.ts";
import type { Journal } from "../journal.ts";
import { openPrivate, stateOf } from "../disk/open.ts";
import { formatRecord } from "../format/record.ts";
import type { JournalRecord } from "../format/record.ts";
import { nextPath } from "./finish-compaction.ts";

/** A day, in nanoseconds. */
const STALE_NS = 86_400_000_000_000n;

/** A complete file that will replace a journal. */
export interface Successor {
  readonly bytes: readonly Buffer[];
  /** Its SHA-256, in hex. */
  readonly digest: string;
  /** The `seq` of its last record. */
  readonly last: number;
}

/**
 * Formats a replacement file.
 * @param changes - at least one
 * @param prev - the `prev` of the first record
 * @param epoch - the epoch of the history. Without it, the file gets a new one.
 */
export function formatSuccessor(changes: readonly Change[], prev: string, epoch?: string): Successor {
  const last = changes.at(-1)?.seq ?? 0;
  const nonce = randomBytes(8).toString("hex");
  const digest = createHash("sha256");
  let head = prev;
  const bytes = changes.map((change, i) => {
    const record: JournalRecord = i === 0 ? { change, until: last, nonce, epoch } : { change };
    const formatted = formatRecord(record, head);
    head = formatted.sum;
    digest.update(formatted.bytes);
    return formatted.bytes;
  });
  return { bytes, digest: digest.digest("hex"), last };
}

/**
 * Seals the journal and replaces it with the successor. After a crash at any step, either the journal is unchanged or the next
 * process that reads it finishes the replacement.
 * @param seal - appended after the state that {@link Journal.catchUp} last returned
 * @returns false if another record came first; then nothing has changed
 */
export async function replaceJournal(
  disk: Disk,
  location: JournalLocation,
  journal: Journal,
  { bytes, digest, last }: Successor,
  seal: Change,
): Promise<boolean> {
  const next = nextPath(location.path, digest);
  await writeNext(disk, location, next, bytes);
  if (!(await appendSeal(disk, journal, { change: seal, next: digest }, next))) {
    await disk.unlink(next).catch(() => {});
    return false;
  }
  await journal.catchUp();
  await removeStale(disk, location, last);
  return true;
}

async function appendSeal(disk: Disk, journal: Journal, seal: JournalRecord, next: string): Promise<boolean> {
  try {
    return (await journal.append(seal)).won;
  } catch (fault) {
    // The seal may or may not have been written. Once the journal can be read, the file is not needed in either case.
    const settled = await journal.catchUp().then(
      () => true,
      () => false,
    );
    if (settled) await disk.unlink(next).catch(() => {});
    throw fault;
  }
}

async function writeNext(disk: Disk, location: JournalLocation, next: string, bytes: readonly Buffer[]): Promise<void> {
  const opened = await openPrivate(disk, next, "create", location);
  if (opened === null) throw faultOf(Object.assign(new Error(), { code: "EEXIST" }), "create", next);
  try {
    for (const each of bytes) await opened.handle.appendFile(each);
    await opened.handle.sync();
  } catch (cause) {
    await disk.unlink(next).catch(() => {});
    throw faultOf(cause, "write", next);
  } finally {
    await opened.handle.close();
  }
  // The name must be durable before a seal refers to it.
  await syncFolder(disk, dirname(next));
}

/** Removes the unused successors of other processes: no seal can name them any more, because `seq` is taken. */
async function removeStale(disk: Disk, location: JournalLocation, seq: number): Promise<void> {
  const now = (await stateOf(disk, location.path, location))?.modified ?? 0n;
  const names = await sidecars(disk, location, ["next"]).catch(() => []);
  for (const { name } of names) {
    const path = join(dirname(location.path), name);
    const state = await stateOf(disk, path, location).catch(() => null);
    if (state === null) continue;
    const first = await firstSeq(disk, path, location);
    const isStale = first === null ? now - state.modified > STALE_NS : first <= seq;
    if (isStale) await disk.unlink(path).catch(() => {});
  }
}

async function firstSeq(disk: Disk, path: string, access: Access): Promise<number | null> {
  const opened = await openPrivate(disk, path, "read", access).catch(() => null);
  if (opened === null) return null;
  try {
    const { buffer } = await opened.handle.read(Buffer.alloc(64), 0, 64, 0);
    const match = /^\n\{"v":1,"seq":([0-9]+),/.exec(buffer.toString("latin1"));
    return match === null ? null : Number(match[1]);
  } finally {
    await opened.handle.close();
  }
}
