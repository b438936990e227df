import { KeysError } from "../../../errors.ts";
import type { Key } from "../../../core/key.ts";
import type { Change, Compacted, CompactOptions } from "../../store.ts";
import { checkArchive, keepArchive } from "./archive.ts";
import type { Disk } from "../disk/disk.ts";
import type { Place } from "../disk/folder.ts";
import type { Journal } from "../journal.ts";
import { formatSuccessor, succeed } from "./successor.ts";

/** Lines hold about this many bytes of keys, so that looking one key up parses little. */
const LINE = 32 * 1024;
const ATTEMPTS = 20;

/**
 * Replaces a journal by one that states each key once. A crash at any step leaves the old journal, or one that the next
 * process to look completes.
 * @throws {@link KeysError} `STORE_CONFLICT` when others write all the time, `OUTPUT_EXISTS` for an archive that is there,
 *   `USAGE` for one with a name that the journal gives to files of its own, `STORE_READ_ONLY` when it has ended.
 */
export async function compactJournal(
  disk: Disk,
  place: Place,
  journal: Journal,
  { at, by, archive }: CompactOptions,
): Promise<Compacted> {
  if (archive !== undefined) checkArchive(place, archive);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const reading = await journal.catchUpToWrite(true);
    if (reading === null) return { seq: 0, before: 0, after: 0 };
    const { seq, head } = reading.chain;
    const stated = (keys: readonly Key[], i: number): Change => ({ seq: seq + 1 + i, at, by, op: "compact", keys });
    const successor = formatSuccessor(inBatches(reading.keys.list()).map(stated), head);
    const linked = archive !== undefined && (await keepArchive(disk, place, reading.file, archive));
    if (await succeed(disk, place, journal, successor, stated([], 0))) {
      const after = successor.bytes.reduce((sum, each) => sum + each.length, 0);
      return { seq: successor.last, before: reading.size, after };
    }
    if (linked) await disk.unlink(archive).catch(() => {});
  }
  throw new KeysError("STORE_CONFLICT", `${place.path} was written by others all the time`);
}

/** At least one, also of no keys. */
function inBatches(keys: readonly Key[]): Key[][] {
  const batches: Key[][] = [[]];
  let size = 0;
  for (const key of keys) {
    size += JSON.stringify(key).length;
    if (size > LINE) {
      size = 0;
      batches.push([]);
    }
    batches.at(-1)?.push(key);
  }
  return batches[0]?.length === 0 && batches.length > 1 ? batches.slice(1) : batches;
}
