import { createHash, randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import type { Change } from "../../store.ts";
import { sidecars } from "../disk/sidecars.ts";
import type { Access } from "../../file-access.ts";
import type { Disk } from "../disk/disk.ts";
import { codeOf, faultOf } from "../disk/fault.ts";
import { syncFolder } from "../disk/folder.ts";
import type { JournalLocation } from "../disk/folder.ts";
import type { Journal } from "../journal.ts";
import { openPrivate, stateOf } from "../disk/open.ts";
import { formatRecord } from "../format/record.ts";
import type { JournalRecord } from "../format/record.ts";
import { nextPath } from "./finish-compaction.ts";

/** A day, in nanoseconds. */
const STALE_NS = 86_400_000_000_000n;

/** How many bytes are written at once. */
const WRITE_BYTES = 1024 * 1024;

/** The content of a file that will replace a journal. */
export interface SuccessorContent {
  /** At least one. Each is asked for once, when it is written. */
  readonly changes: Iterable<Change>;
  /** The `seq` of the last change. */
  readonly last: number;
  /** The `prev` of the first record. */
  readonly prev: string;
  /** The epoch of the history. Without it, the file gets a new one. */
  readonly epoch?: string | undefined;
  /** Called with each record; an error that it throws ends the write. */
  readonly check?: (record: Buffer) => void;
}

/** A complete file next to the journal that will replace it. */
export interface Successor {
  readonly path: string;
  /** Its SHA-256, in hex. */
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  /** The `seq` of its last record. */
  readonly last: number;
}

/**
 * Writes a replacement file. It gets a random name of the same form first, because its own name depends on its digest.
 * @returns `null` if another process has removed the file: it replaced the journal first
 */
export async function writeSuccessor(
  disk: Disk,
  location: JournalLocation,
  content: SuccessorContent,
): Promise<Successor | null> {
  const draft = nextPath(location.path, randomBytes(6).toString("hex"));
  const opened = await openPrivate(disk, draft, "create", location);
  if (opened === null) throw faultOf(Object.assign(new Error(), { code: "EEXIST" }), "create", draft);
  const digest = createHash("sha256");
  let size = 0;
  let path: string;
  try {
    try {
      for (const bytes of inBlocks(formatRecords(content))) {
        digest.update(bytes);
        size += bytes.length;
        await opened.handle.appendFile(bytes);
      }
      await opened.handle.sync();
    } finally {
      await opened.handle.close();
    }
    const sum = digest.digest("hex");
    path = nextPath(location.path, sum);
    if (!(await renameIfThere(disk, draft, path))) return null;
    // The name must be durable before a seal refers to it.
    await syncFolder(disk, dirname(path));
    return { path, digest: sum, size, last: content.last };
  } catch (cause) {
    await disk.unlink(draft).catch(() => {});
    throw faultOf(cause, "write", draft);
  }
}

function* formatRecords({ changes, last, prev, epoch, check }: SuccessorContent): IterableIterator<Buffer> {
  let first: Partial<JournalRecord> = { until: last, nonce: randomBytes(8).toString("hex"), epoch };
  let head = prev;
  for (const change of changes) {
    const { bytes, sum } = formatRecord({ change, ...first }, head);
    check?.(bytes);
    yield bytes;
    head = sum;
    first = {};
  }
}

/** Joins short pieces, because each write takes a call of the system. */
function* inBlocks(pieces: Iterable<Buffer>): IterableIterator<Buffer> {
  let block: Buffer[] = [];
  let size = 0;
  for (const piece of pieces) {
    block.push(piece);
    size += piece.length;
    if (size < WRITE_BYTES) continue;
    yield Buffer.concat(block);
    block = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(block);
}

async function renameIfThere(disk: Disk, from: string, to: string): Promise<boolean> {
  try {
    await disk.rename(from, to);
    return true;
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return false;
    throw cause;
  }
}

/**
 * Seals the journal and replaces it with the successor. After a crash at any step, either the journal is unchanged or the next
 * process that reads it finishes the replacement. Releases the keys of the journal.
 * @param seal - appended after the state that {@link Journal.catchUp} last returned
 * @returns false if another record came first; then nothing has changed
 */
export async function replaceJournal(
  disk: Disk,
  location: JournalLocation,
  journal: Journal,
  { path, digest, last }: Successor,
  seal: Change,
): Promise<boolean> {
  // The new file is read next, and the old keys would be in memory with the new ones.
  journal.release();
  if (!(await appendSeal(disk, journal, { change: seal, next: digest }, path))) {
    await disk.unlink(path).catch(() => {});
    return false;
  }
  await journal.follow();
  await removeStale(disk, location, last);
  return true;
}

async function appendSeal(disk: Disk, journal: Journal, seal: JournalRecord, next: string): Promise<boolean> {
  try {
    return (await journal.append(seal)).won;
  } catch (fault) {
    // The seal may or may not have been written. Once the journal can be read, the file is not needed in either case.
    const settled = await journal.follow().then(
      () => true,
      () => false,
    );
    if (settled) await disk.unlink(next).catch(() => {});
    throw fault;
  }
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
