import { hash } from "node:crypto";
import { isEpoch } from "../../../core/duration.ts";
import { isPosition } from "../../../core/position.ts";
import { isCount } from "../../../core/type-guards.ts";
import type { ChainState } from "../format/chain-state.ts";
import type { Disk } from "../disk/disk.ts";
import type { JournalLocation } from "../disk/folder.ts";
import { verifiedSum } from "../format/line.ts";
import { openPrivate } from "../disk/open.ts";

const FORMAT = 1;
/** Longer checkpoints, caused by many void lines, are neither written nor read. */
const MAX_BYTES = 256 * 1024;
const HEX = /^[0-9a-f]{64}$/;
const SHORT_HEX = /^[0-9a-f]{32}$/;

/** The state of a chain and the tag of the bytes behind it. A reader that finds the same bytes need not verify each line. */
export interface Checkpoint extends ChainState {
  /** The key of the tag, in hex: see {@link FileMac}. */
  readonly key: string;
  /** The tag of the covered bytes, in hex. */
  readonly tag: string;
}

/** Reads the checkpoint of a journal. Returns `null` if there is no usable one. */
export async function readCheckpoint(disk: Disk, location: JournalLocation): Promise<Checkpoint | null> {
  try {
    const opened = await openPrivate(disk, checkpointPath(location), "read", location);
    if (opened === null) return null;
    try {
      return opened.state.size > MAX_BYTES ? null : parseCheckpoint(await opened.handle.readFile());
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
  const text = formatCheckpoint(checkpoint);
  if (text.length > MAX_BYTES) return;
  const path = checkpointPath(location);
  const temporary = `${path}.tmp`;
  try {
    await disk.unlink(temporary).catch(() => {});
    const opened = await openPrivate(disk, temporary, "create", location);
    if (opened === null) return;
    try {
      await opened.handle.writeFile(text);
    } finally {
      await opened.handle.close();
    }
    await disk.rename(temporary, path);
  } catch {
    await disk.unlink(temporary).catch(() => {});
  }
}

/** Formats a checkpoint. As in a record, the last member is the `sum` of everything before it, which reveals a partial write. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { size, key, tag, seq, head, newest, epoch, base, until, lines, voids } = checkpoint;
  const members = { v: FORMAT, size, key, tag, seq, head, newest, epoch, base, until, lines, voids };
  const body = JSON.stringify(members).slice(0, -1);
  return `${body},"sum":"${hash("sha256", body)}"}`;
}

/** Parses a checkpoint. Returns `null` if it is incomplete, altered or of another version. */
export function parseCheckpoint(bytes: Buffer): Checkpoint | null {
  if (verifiedSum(bytes, 0, bytes.length) === null) return null;
  const line = JSON.parse(bytes.toString()) as Checkpoint & { v: unknown };
  const { size, key, tag, seq, head, newest, epoch, base, until, lines, voids } = line;
  if (line.v !== FORMAT || ![size, seq, base, until, lines].every(isCount) || !isEpoch(newest) || seq <= base)
    return null;
  if (!isPosition({ epoch, seq })) return null;
  if (typeof head !== "string" || !HEX.test(head)) return null;
  if (![key, tag].every((each) => typeof each === "string" && SHORT_HEX.test(each))) return null;
  if (!Array.isArray(voids) || !voids.every(isCount)) return null;
  return { size, key, tag, seq, head, newest, epoch, base, until, lines, voids };
}

function checkpointPath({ path }: JournalLocation): string {
  return `${path}.checkpoint`;
}
