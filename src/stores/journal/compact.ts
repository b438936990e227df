import { createHash, randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { KeysError } from "../../errors.ts";
import type { Epoch, Key } from "../../core/key.ts";
import type { Compacted, CompactOptions } from "../store.ts";
import { checkArchive, keepArchive } from "./archive.ts";
import type { Disk } from "./disk.ts";
import { faultOf } from "./fault.ts";
import { syncFolder } from "./folder.ts";
import type { Place } from "./folder.ts";
import type { Journal } from "./journal.ts";
import { openPrivate, stateOf } from "./open.ts";
import { formatRecord } from "./record.ts";
import type { JournalRecord } from "./record.ts";
import { nextPath } from "./succession.ts";

/** Lines hold about this many bytes of keys, so that looking one key up parses little. */
const LINE = 32 * 1024;
const ATTEMPTS = 20;
const STALE_NS = 86_400_000_000_000n;

/**
 * Replaces a journal by one that states each key once. A crash at any step leaves the old journal, or one that the next
 * process to look completes.
 * @throws {@link KeysError} `STORE_CONFLICT` when others write all the time, `OUTPUT_EXISTS` for an archive that is there,
 *   `USAGE` for one with a name that the journal gives to files of its own.
 */
export async function compactJournal(
  disk: Disk,
  place: Place,
  journal: Journal,
  { at, by, archive }: CompactOptions,
): Promise<Compacted> {
  if (archive !== undefined) checkArchive(place, archive);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const reading = await journal.catchUp(true);
    if (reading === null) return { seq: 0, before: 0, after: 0 };
    const { seq, head } = reading.chain;
    const { bytes, digest, last } = formatAll(reading.keys.list(), { seq, head, at, by });
    const next = nextPath(place.path, digest);
    const linked = archive !== undefined && (await keepArchive(disk, place, reading.file, archive));
    await writeNext(disk, place, next, bytes);
    const seal = { change: { seq: seq + 1, at, by, op: "compact" as const, keys: [] }, next: digest };
    if (await appendSeal(disk, journal, seal, next)) {
      await journal.catchUp();
      await sweep(disk, place, last);
      return { seq: last, before: reading.size, after: bytes.reduce((sum, each) => sum + each.length, 0) };
    }
    await disk.unlink(next).catch(() => {});
    if (linked) await disk.unlink(archive).catch(() => {});
  }
  throw new KeysError("STORE_CONFLICT", `${place.path} was written by others all the time`);
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

interface Start {
  readonly seq: number;
  readonly head: string;
  readonly at: Epoch;
  readonly by: string;
}

function formatAll(keys: readonly Key[], start: Start): { bytes: Buffer[]; digest: string; last: number } {
  const batches = inBatches(keys);
  const last = start.seq + batches.length;
  const nonce = randomBytes(8).toString("hex");
  const digest = createHash("sha256");
  let { seq, head: prev } = start;
  const bytes = batches.map((batch) => {
    seq++;
    const change = { seq, at: start.at, by: start.by, op: "compact" as const, keys: batch };
    const record: JournalRecord = seq === start.seq + 1 ? { change, until: last, nonce } : { change };
    const formatted = formatRecord(record, prev);
    prev = formatted.sum;
    digest.update(formatted.bytes);
    return formatted.bytes;
  });
  return { bytes, digest: digest.digest("hex"), last };
}

/** At least one, also of no keys. */
function inBatches(keys: readonly Key[]): Key[][] {
  const batches: Key[][] = [[]];
  let size = 0;
  for (const key of keys) {
    size += JSON.stringify(key).length;
    if (size > LINE) {
      size = 0;
      batches.push([]);
    }
    batches.at(-1)?.push(key);
  }
  return batches[0]?.length === 0 && batches.length > 1 ? batches.slice(1) : batches;
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

/** Removes what other compactions prepared and can no longer use: a seal would have to follow a record that has been followed. */
async function sweep(disk: Disk, place: Place, seq: number): Promise<void> {
  const folder = dirname(place.path);
  const now = (await stateOf(disk, place.path, place.uid))?.modified ?? 0n;
  const names = await disk.readdir(folder).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(`${basename(place.path)}.`) || !/\.[0-9a-f]{12}\.next$/.test(name)) continue;
    const path = join(folder, name);
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
