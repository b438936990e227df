import { hash } from "node:crypto";
import { isEpoch } from "../../../core/duration.ts";
import { isPosition } from "../../../core/position.ts";
import { isCount } from "../../../core/type-guards.ts";
import type { ChainState } from "../format/chain-state.ts";
import type { Disk } from "../disk/disk.ts";
import type { JournalLocation } from "../disk/folder.ts";
import { verifiedSum } from "../format/line.ts";
import { openPrivate } from "../disk/open.ts";
import { Source } from "../disk/source.ts";
import { isIndex } from "./line-index.ts";

const FORMAT = 2;
/** Longer checkpoints, caused by many void lines, are neither written nor read. Without the index. */
const MAX_BYTES = 256 * 1024;
/** A digest takes at least so many bytes of a journal for each byte of its entry in the index. */
const INDEX_SHARE = 8;
const NEWLINE = 10;
const HEX = /^[0-9a-f]{64}$/;
const SHORT_HEX = /^[0-9a-f]{32}$/;

/**
 * The state of a chain, the tag of the bytes behind it, and where in them each key is. A reader that finds the same bytes need not verify
 * each line, and reads only the lines of the keys that it looks up.
 */
export interface Checkpoint extends ChainState {
  /** The key of the tag, in hex: see {@link FileMac}. */
  readonly key: string;
  /** The tag of the covered bytes and the index, in hex. */
  readonly tag: string;
  /** See `linesWith`. */
  readonly index: Buffer;
}

/** Reads the checkpoint of a journal of so many bytes. Returns `null` if there is no usable one. */
export async function readCheckpoint(disk: Disk, location: JournalLocation, size: number): Promise<Checkpoint | null> {
  try {
    const opened = await openPrivate(disk, checkpointPath(location), "read", location);
    if (opened === null) return null;
    try {
      const length = opened.state.size;
      if (length > maxBytes(size)) return null;
      return parseCheckpoint(await new Source(location, opened.handle).read(0, Buffer.allocUnsafeSlow(length)));
    } finally {
      await opened.handle.close();
    }
  } catch {
    // The journal can be read without a checkpoint.
    return null;
  }
}

/** Replaces the checkpoint of a journal. Failures are ignored: the next reader just verifies more lines. */
export async function writeCheckpoint(disk: Disk, location: JournalLocation, checkpoint: Checkpoint): Promise<void> {
  const bytes = formatCheckpoint(checkpoint);
  if (bytes.length > maxBytes(checkpoint.size)) return;
  const path = checkpointPath(location);
  const temporary = `${path}.tmp`;
  try {
    await disk.unlink(temporary).catch(() => {});
    const opened = await openPrivate(disk, temporary, "create", location);
    if (opened === null) return;
    try {
      await opened.handle.writeFile(bytes);
    } finally {
      await opened.handle.close();
    }
    await disk.rename(temporary, path);
  } catch {
    await disk.unlink(temporary).catch(() => {});
  }
}

/**
 * Formats a checkpoint: a line of JSON, and the index. As in a record, the last member is the `sum` of the line before it, which reveals a
 * partial write. The tag covers the index.
 */
export function formatCheckpoint(checkpoint: Checkpoint): Buffer {
  const { size, key, tag, seq, head, newest, epoch, base, until, lines, voids, index } = checkpoint;
  const members = { v: FORMAT, size, key, tag, seq, head, newest, epoch, base, until, lines, voids };
  const body = JSON.stringify(members).slice(0, -1);
  return Buffer.concat([Buffer.from(`${body},"sum":"${hash("sha256", body)}"}\n`), index]);
}

/** Parses a checkpoint. Returns `null` if its line is incomplete or altered, or if it is of another version. */
export function parseCheckpoint(bytes: Buffer): Checkpoint | null {
  const end = bytes.indexOf(NEWLINE);
  if (end === -1 || verifiedSum(bytes, 0, end) === null) return null;
  const line = JSON.parse(bytes.toString("utf8", 0, end)) as Checkpoint & { v: unknown };
  const { size, key, tag, seq, head, newest, epoch, base, until, lines, voids } = line;
  if (line.v !== FORMAT || ![size, seq, base, until, lines].every(isCount) || !isEpoch(newest) || seq <= base)
    return null;
  if (!isPosition({ epoch, seq })) return null;
  if (typeof head !== "string" || !HEX.test(head)) return null;
  if (![key, tag].every((each) => typeof each === "string" && SHORT_HEX.test(each))) return null;
  if (!Array.isArray(voids) || !voids.every(isCount)) return null;
  const index = bytes.subarray(end + 1);
  return isIndex(index) ? { size, key, tag, seq, head, newest, epoch, base, until, lines, voids, index } : null;
}

/** Returns the most bytes of the checkpoint of a journal of so many bytes. */
function maxBytes(journal: number): number {
  return MAX_BYTES + journal / INDEX_SHARE;
}

function checkpointPath({ path }: JournalLocation): string {
  return `${path}.checkpoint`;
}
