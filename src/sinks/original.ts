import { constants, lstatSync, readFileSync, type BigIntStats } from "node:fs";
import { open } from "node:fs/promises";
import { KeysError } from "../errors.ts";
import { errnoOf, fileFault } from "./file-fault.ts";

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** A file that is about to be edited. */
export interface Original {
  readonly text: string;
  /** Its permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly bytes: Buffer;
  readonly stats: BigIntStats;
}

/** In bytes. A text file that a person edits is far smaller. */
const LIMIT = 1_048_576;

/**
 * Reads a file that is to be edited.
 * @param uid - the user's id, or `null` where files have no owner
 * @param limit - the largest file, in bytes
 * @returns `null` if there is no file
 * @throws {@link KeysError} `USAGE` if it is not UTF-8; `DELIVERY_FAILED` if it cannot be read, or cannot be replaced by a copy
 */
export async function readOriginal(path: string, uid: number | null, limit = LIMIT): Promise<Original | null> {
  // The pipe or link that may have taken its place is neither followed nor waited for.
  const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((cause: unknown) => {
    if (errnoOf(cause) === "ENOENT") return null;
    if (errnoOf(cause) === "ELOOP") throw refused(path, "is a symbolic link", "name the file itself");
    if (errnoOf(cause) === "EACCES") throw refused(path, "cannot be read", "run as its owner, or choose another file");
    throw fileFault(path, cause);
  });
  if (handle === null) return null;
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) throw refused(path, "is not a file", "name a file");
    if (stats.size > limit) throw refused(path, `is larger than ${String(limit)} bytes`, "choose another file");
    if (stats.nlink > 1n) {
      throw refused(path, "has a second name (a hard link), which would keep the old text", "remove one of the names");
    }
    if (uid !== null && uid !== 0 && Number(stats.uid) !== uid) {
      throw refused(path, "belongs to another user", "run as its owner, or choose another file");
    }
    const bytes = await handle.readFile();
    const { mode, uid: owner, gid } = stats;
    return {
      text: decode(bytes, path),
      bytes,
      stats,
      mode: Number(mode) & 0o777,
      uid: Number(owner),
      gid: Number(gid),
    };
  } catch (cause) {
    throw cause instanceof KeysError ? cause : fileFault(path, cause);
  } finally {
    await handle.close().catch(() => undefined);
  }
}

/** Returns whether the file is still the one that was read. */
export function isUnchanged(path: string, { bytes, stats }: Original): boolean {
  try {
    const { ino, dev, ctimeNs } = lstatSync(path, { bigint: true });
    // Times can be too coarse to show a change, so the bytes count too.
    return ino === stats.ino && dev === stats.dev && ctimeNs === stats.ctimeNs && bytes.equals(readFileSync(path));
  } catch {
    return false;
  }
}

/** Text in UTF-16 has NUL characters, which no `.env` file contains. */
function decode(bytes: Buffer, path: string): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // Reported below.
  }
  throw new KeysError("USAGE", `${path} is not UTF-8 text`, { hint: "save it as UTF-8, or choose another file" });
}

function refused(path: string, reason: string, hint: string): KeysError {
  return new KeysError("DELIVERY_FAILED", `${path} ${reason}`, { hint });
}
