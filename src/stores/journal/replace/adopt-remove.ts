import { dirname, join } from "node:path";
import { KeysError } from "../../../errors.ts";
import type { Change, RemoveOptions } from "../../store.ts";
import { sidecars, type Sidecar } from "../disk/sidecars.ts";
import type { Disk } from "../disk/disk.ts";
import { codeOf, faultOf } from "../disk/fault.ts";
import { ensureFolder, syncFolder } from "../disk/folder.ts";
import type { JournalLocation } from "../disk/folder.ts";
import type { Journal } from "../journal.ts";
import { checkReadable, GENESIS, NOWHERE } from "../format/record.ts";
import { replaceJournal, writeSuccessor } from "./successor.ts";

/**
 * Implements {@link KeyStore.adopt}. The history is written to a second file that replaces the journal in one step, because a part
 * of a history could still accept a key that was revoked later.
 */
export async function adoptHistory(
  disk: Disk,
  location: JournalLocation,
  journal: Journal,
  history: readonly Change[],
): Promise<void> {
  const before = await journal.catchUpToWrite("parsed");
  const changes = history.map((change, i) => ({ ...change, seq: i + 1 }));
  const last = changes.at(-1);
  if (last === undefined) return;
  await ensureFolder(disk, location);
  const seal: Change = { seq: 1, at: last.at, by: last.by, op: "migrate", keys: [] };
  if (before === null || before.chain.seq === 0) {
    const content = { changes, last: changes.length, prev: GENESIS, check: checkReadable };
    const successor = await writeSuccessor(disk, location, content);
    if (successor !== null && (await replaceJournal(disk, location, journal, successor, seal))) return;
  }
  throw new KeysError("STORE_CONFLICT", `${location.path} already has a history`, {
    hint: "choose an empty store",
  });
}

/**
 * Implements {@link KeyStore.remove}. A seal without a following file ends the journal; then its files are removed, the journal last.
 * @param beforeRemoval - runs between the two steps, to remove data kept elsewhere
 */
export async function removeJournal(
  disk: Disk,
  location: JournalLocation,
  journal: Journal,
  { at, by, seq, detail }: RemoveOptions,
  beforeRemoval: () => Promise<void> = async () => {},
): Promise<void> {
  const reader = await journal.catchUp();
  const conflict = () => new KeysError("STORE_CONFLICT", `${location.path} has changed since it was read`);
  if ((reader?.chain.seq ?? 0) !== seq) throw conflict();
  if (reader !== null && reader.chain.next === null) {
    const change: Change = { seq: seq + 1, at, by, op: "migrate", detail, keys: [] };
    if (!(await journal.append({ change, next: NOWHERE })).won) throw conflict();
  }
  await beforeRemoval();
  const folder = dirname(location.path);
  for (const { name } of await sidecars(disk, location, OWN_FILES)) {
    await unlink(disk, join(folder, name), IS_FOLDER);
  }
  if (reader === null) return;
  await unlink(disk, location.path);
  await syncFolder(disk, folder);
}

const OWN_FILES: readonly Sidecar[] = ["checkpoint", "uses", "next", "reserve", "follower", "draft"];

/** What `unlink` reports for a folder, which the store did not create. */
const IS_FOLDER: readonly unknown[] = ["EISDIR", "EPERM"];

/** @param ignored - error codes that do not matter */
async function unlink(disk: Disk, path: string, ignored: readonly unknown[] = []): Promise<void> {
  try {
    await disk.unlink(path);
  } catch (cause) {
    const code = codeOf(cause);
    if (code !== "ENOENT" && !ignored.includes(code)) throw faultOf(cause, "replace", path);
  }
}
