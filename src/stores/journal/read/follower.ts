import { constants, type BigIntStats } from "node:fs";
import { basename } from "node:path";
import { canBeForged, GUARDED } from "../../file-access.ts";
import type { Disk } from "../disk/disk.ts";
import { codeOf, faultOf } from "../disk/fault.ts";
import type { JournalLocation } from "../disk/folder.ts";
import { FOLLOWER_SIZE, parseFollower, type FollowerRecord } from "../format/follower-file.ts";

/** How often a file is read again that seems to be overwritten right now. */
const ATTEMPTS = 5;
const UNREADABLE: readonly unknown[] = ["EACCES", "EPERM"];
/** A link, a pipe or a folder, which no verifier made. */
const FOREIGN: readonly unknown[] = ["ELOOP", "EMLINK", "ENXIO", "EISDIR"];
/** Milliseconds: the longest lease there can be. */
const LONGEST = 86_400_000;

/** A file about a follower. */
export interface FollowerFile {
  /** `null` if nothing was acknowledged with this file yet. */
  readonly record: FollowerRecord | null;
  /** In milliseconds by the wall clock. */
  readonly modified: number;
}

/**
 * Reads a file about a follower. Returns `null` if there is none, or something that is not a file. A file that cannot be read or
 * trusted may belong to a live server, so it counts as a follower at an unknown position: it must not pass for one that has confirmed.
 * @throws {@link KeysError} `STORE_UNAVAILABLE` if the disk reports an error
 */
export async function readFollower(disk: Disk, path: string, location: JournalLocation): Promise<FollowerFile | null> {
  try {
    const handle = await disk.open(path, constants.O_RDONLY | GUARDED);
    try {
      const stat = await handle.stat({ bigint: true });
      if (!stat.isFile()) return null;
      if (canBeForged({ uid: Number(stat.uid), mode: Number(stat.mode) }, location)) return unknownFollower(path, stat);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(FOLLOWER_SIZE), 0, FOLLOWER_SIZE, 0);
        const bytes = buffer.subarray(0, bytesRead);
        // Nothing but zeros is what a power failure leaves, and the server has ended with it.
        if (bytes.every((byte) => byte === 0)) return { record: null, modified: Number(stat.mtimeMs) };
        const record = parseFollower(bytes);
        if (record !== null) return { record, modified: Number(stat.mtimeMs) };
      }
      return unknownFollower(path, stat);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const code = codeOf(cause);
    if (code === "ENOENT" || FOREIGN.includes(code)) return null;
    if (!UNREADABLE.includes(code)) throw faultOf(cause, "read", path);
    const stat = await disk.lstat(path, { bigint: true }).catch(() => null);
    return stat?.isFile() === true ? unknownFollower(path, stat) : null;
  }
}

function unknownFollower(path: string, { mtimeMs }: BigIntStats): FollowerFile {
  const modified = Number(mtimeMs);
  const [id] = basename(path).split(".").slice(-1);
  const record = {
    ...{ id: id ?? "", name: "unknown", position: { epoch: "unknown", seq: 0 }, version: "unknown" },
    ...{ lease: LONGEST, mark: null, scope: null, ticks: 0, at: modified },
  };
  return { record, modified };
}
