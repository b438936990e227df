import { createHash, randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import type { Change } from "../../store.ts";
import { sidecars } from "../disk/sidecars.ts";
import type { Disk } from "../disk/disk.ts";
import { faultOf } from "../disk/fault.ts";
import { syncFolder } from "../disk/folder.ts";
import type { Place } from "../disk/folder.ts";
import type { Journal } from "../journal.ts";
import { openPrivate, stateOf } from "../disk/open.ts";
import { formatRecord } from "../format/record.ts";
import type { JournalRecord } from "../format/record.ts";
import { nextPath } from "./finish.ts";

const STALE_NS = 86_400_000_000_000n;

/** A file that is to go on in a journal's place, written whole before it gets there. */
export interface Successor {
  readonly bytes: readonly Buffer[];
  /** Its SHA-256, in hex. */
  readonly digest: string;
  /** The `seq` of its last record. */
  readonly last: number;
}

/** @param prev - What its first record follows; each of `changes`, of which there is one at least, follows the one before. */
export function formatSuccessor(changes: readonly Change[], prev: string): Successor {
  const last = changes.at(-1)?.seq ?? 0;
  const nonce = randomBytes(8).toString("hex");
  const digest = createHash("sha256");
  let head = prev;
  const bytes = changes.map((change, i) => {
    const record: JournalRecord = i === 0 ? { change, until: last, nonce } : { change };
    const formatted = formatRecord(record, head);
    head = formatted.sum;
    digest.update(formatted.bytes);
    return formatted.bytes;
  });
  return { bytes, digest: digest.digest("hex"), last };
}

/**
 * Seals the journal and lets the successor go on in its place. A crash at any step leaves the journal as it was, or one that
 * the next process to look completes.
 * @param seal - What the seal says; it follows the record that {@link Journal.catchUp} returned last.
 * @returns false, with nothing changed, when another record came first.
 */
export async function succeed(
  disk: Disk,
  place: Place,
  journal: Journal,
  { bytes, digest, last }: Successor,
  seal: Change,
): Promise<boolean> {
  const next = nextPath(place.path, digest);
  await writeNext(disk, place, next, bytes);
  if (!(await appendSeal(disk, journal, { change: seal, next: digest }, next))) {
    await disk.unlink(next).catch(() => {});
    return false;
  }
  await journal.catchUp();
  await sweep(disk, place, last);
  return true;
}

async function appendSeal(disk: Disk, journal: Journal, seal: JournalRecord, next: string): Promise<boolean> {
  try {
    return (await journal.append(seal)).won;
  } catch (fault) {
    // Whether the seal is there or not: once the journal can be read, the name is no longer needed.
    const settled = await journal.catchUp().then(
      () => true,
      () => false,
    );
    if (settled) await disk.unlink(next).catch(() => {});
    throw fault;
  }
}

async function writeNext(disk: Disk, place: Place, next: string, bytes: readonly Buffer[]): Promise<void> {
  const opened = await openPrivate(disk, next, "create", place.uid);
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
  // Its name must be there for good before a seal names it.
  await syncFolder(disk, dirname(next));
}

/** Removes what others prepared and can no longer use: a seal would have to follow a record that has been followed. */
async function sweep(disk: Disk, place: Place, seq: number): Promise<void> {
  const now = (await stateOf(disk, place.path, place.uid))?.modified ?? 0n;
  const names = await sidecars(disk, place, ["next"]).catch(() => []);
  for (const { name } of names) {
    const path = join(dirname(place.path), name);
    const state = await stateOf(disk, path, place.uid).catch(() => null);
    if (state === null) continue;
    const first = await firstSeq(disk, path, place.uid);
    const dead = first === null ? now - state.modified > STALE_NS : first <= seq;
    if (dead) await disk.unlink(path).catch(() => {});
  }
}

async function firstSeq(disk: Disk, path: string, uid: number | null): Promise<number | null> {
  const opened = await openPrivate(disk, path, "read", uid).catch(() => null);
  if (opened === null) return null;
  try {
    const { buffer } = await opened.handle.read(Buffer.alloc(64), 0, 64, 0);
    const match = /^\n\{"v":1,"seq":([0-9]+),/.exec(buffer.toString("latin1"));
    return match === null ? null : Number(match[1]);
  } finally {
    await opened.handle.close();
  }
}
