import type { FileHandle } from "node:fs/promises";
import { KeysError } from "../../../errors.ts";
import type { Disk } from "./disk.ts";
import { faultOf } from "./fault.ts";
import type { JournalLocation } from "./folder.ts";
import { openPrivate } from "./open.ts";
import type { FileState } from "./open.ts";

/** A file that is open for appending. */
export interface AppendHandle {
  readonly handle: FileHandle;
  readonly file: FileState;
}

/** Opens or creates the journal for appending. Returns `null` if the file to create exists, or the file to open does not. */
export async function openToAppend(
  disk: Disk,
  location: JournalLocation,
  create: boolean,
): Promise<AppendHandle | null> {
  const opened = await openPrivate(disk, location.path, create ? "create" : "append", location);
  return opened === null ? null : { handle: opened.handle, file: opened.state };
}

/**
 * Appends a record with a single write and flushes it to disk.
 * @throws {@link KeysError} `STORE_UNAVAILABLE`. After a failed write nothing has changed, because a partial line is void. After a
 *   failed flush the record may or may not be on disk.
 */
export async function append({ handle }: AppendHandle, bytes: Buffer, path: string): Promise<void> {
  let written: number;
  try {
    written = (await handle.write(bytes)).bytesWritten;
  } catch (cause) {
    throw faultOf(cause, "write", path);
  }
  // The rest is never written: another writer may already have appended its own line.
  if (written < bytes.length) {
    throw new KeysError("STORE_UNAVAILABLE", `cannot write ${path}: only part of the line was written`, {
      hint: "free some space and run the command again; nothing was changed",
    });
  }
  try {
    await handle.sync();
  } catch (cause) {
    // Not retried: after a failed fsync, a second one may report success for lost data.
    throw new KeysError("STORE_UNAVAILABLE", `cannot flush ${path}: the change may or may not have been saved`, {
      cause,
      hint: "check the disk, then see which keys there are: mcp-keys list",
    });
  }
}
