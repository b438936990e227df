import type { FileHandle } from "node:fs/promises";
import { KeysError } from "../../../errors.ts";
import type { Disk } from "./disk.ts";
import { faultOf } from "./fault.ts";
import type { Place } from "./folder.ts";
import { openPrivate } from "./open.ts";
import type { FileState } from "./open.ts";

/** A file held open to be appended to. */
export interface Appending {
  readonly handle: FileHandle;
  readonly file: FileState;
}

/** `null` when the file to create is there by now, or the file to open is not. */
export async function openToAppend(disk: Disk, place: Place, create: boolean): Promise<Appending | null> {
  const opened = await openPrivate(disk, place.path, create ? "create" : "append", place.uid);
  return opened === null ? null : { handle: opened.handle, file: opened.state };
}

/**
 * Appends in one write and waits until it is on the disk.
 * @throws {@link KeysError} `STORE_UNAVAILABLE`. After a failed write nothing is changed: what was written of the line is cut
 *   short, and void. After a failed flush the change may or may not be there.
 */
export async function append({ handle }: Appending, bytes: Buffer, path: string): Promise<void> {
  let written: number;
  try {
    written = (await handle.write(bytes)).bytesWritten;
  } catch (cause) {
    throw faultOf(cause, "write", path);
  }
  // Never continued: another writer's line may already stand behind it.
  if (written < bytes.length) {
    throw new KeysError("STORE_UNAVAILABLE", `cannot write ${path}: the disk took only a part of the line`, {
      hint: "free some space and run the command again; nothing was changed",
    });
  }
  try {
    await handle.sync();
  } catch (cause) {
    // Not tried again: a second flush may report success for what the first one lost.
    throw new KeysError("STORE_UNAVAILABLE", `cannot flush ${path}: the change may or may not be kept`, {
      cause,
      hint: "check the disk, then see what there is with: mcp-keys list",
    });
  }
}
