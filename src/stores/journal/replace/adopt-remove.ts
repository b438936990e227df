import { dirname, join } from "node:path";
import { KeysError } from "../../../errors.ts";
import type { Change, RemoveOptions } from "../../store.ts";
import { sidecars } from "../disk/sidecars.ts";
import type { Disk } from "../disk/disk.ts";
import { codeOf, faultOf } from "../disk/fault.ts";
import { ensureFolder, syncFolder } from "../disk/folder.ts";
import type { Place } from "../disk/folder.ts";
import type { Journal } from "../journal.ts";
import { checkReadable, GENESIS, NOWHERE } from "../format/record.ts";
import { formatSuccessor, succeed } from "./successor.ts";

/**
 * As {@link KeyStore.adopt}: the history is written beside the journal and takes its place at once, so that nobody ever
 * meets a part of it, in which a revoked key still works.
 */
export async function adoptHistory(
  disk: Disk,
  place: Place,
  journal: Journal,
  history: readonly Change[],
): Promise<void> {
  const before = await journal.catchUpToWrite(true);
  const changes = history.map((change, i) => ({ ...change, seq: i + 1 }));
  const last = changes.at(-1);
  if (last === undefined) return;
  await ensureFolder(disk, place);
  const seal: Change = { seq: 1, at: last.at, by: last.by, op: "migrate", keys: [] };
  const successor = formatSuccessor(changes, GENESIS);
  successor.bytes.forEach(checkReadable);
  const isEmpty = before === null || before.chain.seq === 0;
  if (isEmpty && (await succeed(disk, place, journal, successor, seal))) return;
  throw new KeysError("STORE_CONFLICT", `${place.path} has a history of its own`, {
    hint: "choose a store without keys",
  });
}

/**
 * As {@link KeyStore.remove}: a seal that leads nowhere keeps writers out, then the files go, the journal last.
 * @param first - Runs between the two, for what is kept elsewhere.
 */
export async function removeJournal(
  disk: Disk,
  place: Place,
  journal: Journal,
  { at, by, seq, detail }: RemoveOptions,
  first: () => Promise<void> = async () => {},
): Promise<void> {
  const reading = await journal.catchUp();
  const conflict = () => new KeysError("STORE_CONFLICT", `${place.path} was changed since it was read`);
  if ((reading?.chain.seq ?? 0) !== seq) throw conflict();
  if (reading !== null && reading.chain.next === null) {
    const change: Change = { seq: seq + 1, at, by, op: "migrate", detail, keys: [] };
    if (!(await journal.append({ change, next: NOWHERE })).won) throw conflict();
  }
  await first();
  const folder = dirname(place.path);
  for (const { name } of await sidecars(disk, place, ["mark", "uses", "next", "draft"])) {
    await unlink(disk, join(folder, name));
  }
  if (reading === null) return;
  await unlink(disk, place.path);
  await syncFolder(disk, folder);
}

async function unlink(disk: Disk, path: string): Promise<void> {
  try {
    await disk.unlink(path);
  } catch (cause) {
    if (codeOf(cause) !== "ENOENT") throw faultOf(cause, "replace", path);
  }
}
