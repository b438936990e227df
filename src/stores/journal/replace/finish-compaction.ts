import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { shellQuote } from "../../../core/shell-quote.ts";
import { KeysError } from "../../../errors.ts";
import type { Access } from "../../file-access.ts";
import type { Disk } from "../disk/disk.ts";
import { codeOf, faultOf } from "../disk/fault.ts";
import { syncFolder } from "../disk/folder.ts";
import type { JournalLocation } from "../disk/folder.ts";
import { isSameFile, openPrivate, stateOf } from "../disk/open.ts";
import type { FileState } from "../disk/open.ts";

/** Returns the path of a replacement file until it is renamed to the journal. `digest` is its SHA-256, in hex; random while it is written. */
export function nextPath(path: string, digest: string): string {
  return `${path}.${digest.slice(0, 12)}.next`;
}

/**
 * Renames the file that a seal names to the journal. Several processes may do this at the same time.
 * @param sealed - the file that ends with the seal
 * @throws {@link KeysError} `STORE_DAMAGED` if the named file is missing or has another digest
 */
export async function finishCompaction(
  disk: Disk,
  location: JournalLocation,
  sealed: FileState,
  digest: string,
): Promise<void> {
  const next = nextPath(location.path, digest);
  const found = await digestOf(disk, next, location);
  if (found !== digest) {
    // Another process may have renamed it, and writers may have appended to it since.
    const now = await stateOf(disk, location.path, location);
    if (now === null || !isSameFile(now, sealed)) return;
    const what = found === null ? "is missing" : "was altered";
    throw new KeysError(
      "STORE_DAMAGED",
      `${location.path} was compacted, but the file that replaces it ${what}: ${next}`,
      {
        hint: `restore ${next} from a backup; or, if it is an archive, read it with: --store archive:${shellQuote(location.path)}`,
      },
    );
  }
  try {
    await disk.rename(next, location.path);
  } catch (cause) {
    if (codeOf(cause) !== "ENOENT") throw unfinished(cause, location.path);
  }
  await syncFolder(disk, dirname(location.path));
}

/** The seal is written, so the compaction counts. Only its last step is missing. */
function unfinished(cause: unknown, path: string): KeysError {
  const { code, message, hint } = faultOf(cause, "replace", path);
  return new KeysError(code, message, { cause, hint: `${hint}; any later command finishes what this one began` });
}

async function digestOf(disk: Disk, path: string, access: Access): Promise<string | null> {
  const opened = await openPrivate(disk, path, "read", access);
  if (opened === null) return null;
  const sum = createHash("sha256");
  try {
    for await (const chunk of opened.handle.createReadStream({ autoClose: false })) sum.update(chunk as Buffer);
  } catch (cause) {
    throw faultOf(cause, "read", path);
  } finally {
    await opened.handle.close();
  }
  return sum.digest("hex");
}
