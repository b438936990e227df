import { hash } from "node:crypto";
import { isCount } from "../../../core/shape.ts";
import type { ChainState } from "../format/chain.ts";
import type { Disk } from "../disk/disk.ts";
import type { Place } from "../disk/folder.ts";
import { verifiedSum } from "../format/line.ts";
import { openPrivate } from "../disk/open.ts";

const FORMAT = 1;
/** A mark longer than that is neither written nor read: the journal has had too many void lines. */
const LONGEST = 256 * 1024;
const HEX = /^[0-9a-f]{64}$/;

/** How far somebody has walked a journal: who finds the same bytes there need not walk them again. */
export interface Checkpoint extends ChainState {
  /** The SHA-256 of the bytes it covers, in hex. */
  readonly sha256: string;
}

/** The mark beside the journal at `place`; `null` when there is none that can be used. */
export async function readMark(disk: Disk, place: Place): Promise<Checkpoint | null> {
  try {
    const opened = await openPrivate(disk, checkpointPath(place), "read", place.uid);
    if (opened === null) return null;
    try {
      return opened.state.size > LONGEST ? null : parseMark(await opened.handle.readFile());
    } finally {
      await opened.handle.close();
    }
  } catch {
    // Whatever is wrong with it, the journal can be read without.
    return null;
  }
}

/** Replaces the mark. When that fails, the next reader walks further. */
export async function writeMark(disk: Disk, place: Place, checkpoint: Checkpoint): Promise<void> {
  const text = formatMark(checkpoint);
  if (text.length > LONGEST) return;
  const path = checkpointPath(place);
  const temporary = `${path}.tmp`;
  try {
    await disk.unlink(temporary).catch(() => {});
    const opened = await openPrivate(disk, temporary, "create", place.uid);
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

/** Its last member is the `sum` of what stands before it, as in a record: what a crash left of a mark is none. */
export function formatMark({ size, sha256, seq, head, base, until, lines, voids }: Checkpoint): string {
  const body = JSON.stringify({ v: FORMAT, size, sha256, seq, head, base, until, lines, voids }).slice(0, -1);
  return `${body},"sum":"${hash("sha256", body)}"}`;
}

export function parseMark(bytes: Buffer): Checkpoint | null {
  if (verifiedSum(bytes, 0, bytes.length) === null) return null;
  const line = JSON.parse(bytes.toString()) as Checkpoint & { v: unknown };
  const { size, sha256, seq, head, base, until, lines, voids } = line;
  if (line.v !== FORMAT || ![size, seq, base, until, lines].every(isCount) || seq <= base) return null;
  if (![sha256, head].every((each) => typeof each === "string" && HEX.test(each))) return null;
  if (!Array.isArray(voids) || !voids.every(isCount)) return null;
  return { size, sha256, seq, head, base, until, lines, voids };
}

function checkpointPath({ path }: Place): string {
  return `${path}.mark`;
}
