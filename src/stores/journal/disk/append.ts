import type { FileHandle } from "node:fs/promises";
import { KeysError } from "../../../errors.ts";
import type { Disk } from "./disk.ts";
import { codeOf, faultOf, isFull } from "./fault.ts";
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

/** A record was not written, for lack of space. Nothing has changed: a partial line is void. */
export class NoRoomError extends KeysError {}

/** Errors of a `write` after which no byte is in the file. After others, such as EIO, that is unknown. */
const NOTHING_WRITTEN: readonly unknown[] = ["ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "EBADF"];

/**
 * Appends a record with a single write and flushes it to disk.
 * @throws {@link KeysError} `STORE_UNAVAILABLE`. The hint says that the change was not saved, or the message that it may have been.
 */
export async function append({ handle }: AppendHandle, bytes: Buffer, path: string): Promise<void> {
  let written: number;
  try {
    written = (await handle.write(bytes)).bytesWritten;
  } catch (cause) {
    throw NOTHING_WRITTEN.includes(codeOf(cause)) ? notSaved(cause, path) : unknown(cause, "write", path);
  }
  // The rest is never written: another writer may already have appended its own line. Without its tab, a record is complete.
  if (written < bytes.length - 1) throw notSaved(Object.assign(new Error("short write"), { code: "ENOSPC" }), path);
  try {
    await handle.sync();
  } catch (cause) {
    // Not retried: after a failed fsync, a second one may report success for lost data.
    throw unknown(cause, "flush", path);
  }
}

/** Builds the error for a change of which no byte counts. */
export function notSaved(cause: unknown, path: string): KeysError {
  const { code, message, hint } = faultOf(cause, "write", path);
  const options = { cause, hint: `${hint}; this change was not saved` };
  return isFull(cause) ? new NoRoomError(code, message, options) : new KeysError(code, message, options);
}

function unknown(cause: unknown, doing: "write" | "flush", path: string): KeysError {
  return new KeysError("STORE_UNAVAILABLE", `cannot ${doing} ${path}: the change may or may not have been saved`, {
    cause,
    hint: "check the disk, then see which keys there are: mcp-keys list",
  });
}
