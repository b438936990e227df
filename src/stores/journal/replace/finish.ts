import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { shellQuote } from "../../../core/shell-quote.ts";
import { KeysError } from "../../../errors.ts";
import type { Chain } from "../format/chain.ts";
import type { Disk } from "../disk/disk.ts";
import { codeOf, faultOf } from "../disk/fault.ts";
import { syncFolder } from "../disk/folder.ts";
import type { Place } from "../disk/folder.ts";
import { isSameFile, openPrivate, stateOf } from "../disk/open.ts";
import type { FileState } from "../disk/open.ts";
import { NOWHERE } from "../format/record.ts";

/** What a compacted journal is called until it takes the journal's name. */
export function nextPath(path: string, digest: string): string {
  return `${path}.${digest.slice(0, 12)}.next`;
}

/**
 * Whether the file that now has the name goes on where the one read before stood.
 * @throws {@link KeysError} `STORE_DAMAGED` when it lacks what was known, as an older copy does; `STORE_UNAVAILABLE` when the
 *   one before had ended and is gone.
 */
export function checkContinues(path: string, before: Chain | null, after: Chain | null): void {
  if (before === null || before.seq === 0) return;
  // A sealed file ends one record before its seal: the seal's place is taken by the first record of the next file.
  const sealed = before.next !== null && before.next !== NOWHERE;
  const seq = sealed ? before.seq - 1 : before.seq;
  if (after !== null && sealed && after.heads.base > seq) return;
  if (after?.heads.has(seq, sealed ? before.heads.prefixOf(seq) : before.head) === true) return;
  if (before.next === NOWHERE) {
    throw new KeysError("STORE_UNAVAILABLE", `${path} has ended: its keys were moved to another store`, {
      hint: "restart what reads it with the other store",
    });
  }
  throw new KeysError("STORE_DAMAGED", `the history of ${path} went back: what was read before is no longer in it`, {
    hint: "put the newer file back, or, if the older one is wanted, restart what reads it",
  });
}

/**
 * Gives the file that a seal names the journal's name. Any number of processes may try at once.
 * @param sealed - The file that ends in the seal.
 * @throws {@link KeysError} `STORE_DAMAGED` when that file is missing or not what the seal names.
 */
export async function finishCompaction(disk: Disk, place: Place, sealed: FileState, digest: string): Promise<void> {
  const next = nextPath(place.path, digest);
  const found = await digestOf(disk, next, place.uid);
  if (found !== digest) {
    // Somebody else may have finished, and writers may have gone on in it.
    const now = await stateOf(disk, place.path, place.uid);
    if (now === null || !isSameFile(now, sealed)) return;
    const what = found === null ? "is missing" : "is not the one it names";
    throw new KeysError("STORE_DAMAGED", `${place.path} was compacted, and the file it went on in ${what}: ${next}`, {
      hint: `restore ${next} from a backup; or, if it is an archive, read it with: --store archive:${shellQuote(place.path)}`,
    });
  }
  try {
    await disk.rename(next, place.path);
  } catch (cause) {
    if (codeOf(cause) !== "ENOENT") throw faultOf(cause, "replace", place.path);
  }
  await syncFolder(disk, dirname(place.path));
}

async function digestOf(disk: Disk, path: string, uid: number | null): Promise<string | null> {
  const opened = await openPrivate(disk, path, "read", uid);
  if (opened === null) return null;
  const sum = createHash("sha256");
  try {
    for await (const piece of opened.handle.createReadStream({ autoClose: false })) sum.update(piece as Buffer);
  } catch (cause) {
    throw faultOf(cause, "read", path);
  } finally {
    await opened.handle.close();
  }
  return sum.digest("hex");
}
