import { basename, dirname } from "node:path";
import { KeysError } from "../../../errors.ts";
import { sidecarOf } from "../disk/sidecars.ts";
import type { Disk } from "../disk/disk.ts";
import { codeOf, faultOf } from "../disk/fault.ts";
import { syncFolder } from "../disk/folder.ts";
import type { Place } from "../disk/folder.ts";
import { isSameFile, stateOf } from "../disk/open.ts";
import type { FileState } from "../disk/open.ts";

/** @throws {@link KeysError} `USAGE` for a name under which the archive would be replaced or removed. */
export function checkArchive(place: Place, archive: string): void {
  const name = basename(archive);
  if (name === "") throw new KeysError("USAGE", "the archive has no name", { hint: "name a file on the same disk" });
  if (sidecarOf(place, name) === null) return;
  throw new KeysError("USAGE", `${name} is a name that the store gives to its own files`, {
    hint: "choose another name for the archive",
  });
}

/**
 * Gives the journal, which is `file`, a second name that stays. Returns whether it did not have it before.
 * @throws {@link KeysError} `OUTPUT_EXISTS` when another file has the name, or the journal itself.
 */
export async function keepArchive(disk: Disk, place: Place, file: FileState, archive: string): Promise<boolean> {
  let linked = true;
  try {
    await disk.link(place.path, archive);
  } catch (cause) {
    if (codeOf(cause) !== "EEXIST") throw faultOf(cause, "create", archive);
    linked = false;
  }
  if (!linked && !(await isSecondName(disk, place, file, archive))) {
    throw new KeysError("OUTPUT_EXISTS", `there is already a file ${archive}`, {
      hint: "choose another name for the archive",
    });
  }
  // Before a seal lets the journal's own name go on to another file.
  await syncFolder(disk, dirname(archive));
  return linked;
}

/** Whether a crash left this name of the journal, which is not its own. */
async function isSecondName(disk: Disk, { path, uid }: Place, file: FileState, archive: string): Promise<boolean> {
  // A link, or a file that others can read, is another file all the same.
  const state = await stateOf(disk, archive, uid).catch(() => null);
  if (state === null || !isSameFile(state, file)) return false;
  try {
    return (await disk.realpath(archive)) !== (await disk.realpath(path));
  } catch (cause) {
    throw faultOf(cause, "read", archive);
  }
}
