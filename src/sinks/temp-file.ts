import { randomBytes } from "node:crypto";
import { constants, renameSync } from "node:fs";
import { link, lstat, open, readdir, rename, unlink, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { KeysError } from "../errors.ts";
import { hasEnded, processMark } from "../process/process-mark.ts";
import { errnoOf, fileFault } from "./file-fault.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR, O_WRONLY } = constants;

/** The mark of the process that created the file, if it has one, and random digits. */
const NAME = /^\.mcp-keys-(?:([\w-]+)-)?[0-9a-f]{16}\.tmp$/;
/** Milliseconds, longer than any delivery: a younger file whose process may still run belongs to a delivery. */
const LEFTOVER_AGE = 3_600_000;

/** A temporary file in the folder of its target. Both are on the same file system, so the rename is atomic. */
export interface TempFile {
  readonly path: string;
  readonly handle: FileHandle;
}

/**
 * Creates an empty file in the folder of `target` that only its owner can read.
 * @param uid - `null` where files have no owner and no mode (Windows); the mode is then not checked
 * @throws {@link KeysError} `DELIVERY_FAILED`, also if the file system does not keep the mode
 */
export async function openTempFile(target: string, uid: number | null): Promise<TempFile> {
  const mark = processMark();
  const owner = mark === null ? "" : `${mark}-`;
  const path = join(dirname(target), `.mcp-keys-${owner}${randomBytes(8).toString("hex")}.tmp`);
  const handle = await open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600).catch((cause: unknown) => {
    throw fileFault(target, cause);
  });
  // A strict umask may have removed the owner's rights. A file system without modes fails here, and the check below decides.
  await handle.chmod(0o600).catch(() => undefined);
  if (uid === null || ((await handle.stat()).mode & 0o077) === 0) return { path, handle };
  await removeTempFile({ path, handle });
  throw new KeysError("DELIVERY_FAILED", `other users could read a file in ${dirname(target)}`, {
    hint: "choose a folder on a file system that keeps permissions",
  });
}

/**
 * Empties, closes and removes the file. It is emptied first, because a file that cannot be removed must not keep the token.
 * Never throws: it runs after another failure.
 */
export async function removeTempFile({ path, handle }: TempFile): Promise<void> {
  await handle.truncate().catch(() => undefined);
  await handle.close().catch(() => undefined);
  await unlink(path).catch(() => undefined);
}

/**
 * Gives a finished file its final name in one step.
 * @param replace - whether to replace a file of that name; otherwise an existing file is kept, even one created a moment ago
 * @throws the error of the system call, for example `EEXIST`; the file then still has its temporary name only
 * @throws {@link KeysError} `DELIVERY_UNCERTAIN` if the file has both names and the temporary one cannot be removed
 */
export async function placeTempFile(path: string, target: string, replace: boolean): Promise<void> {
  if (replace) return rename(path, target);
  try {
    await link(path, target);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") return placeWithoutLink(path, target);
    if (!(await isSameFile(path, target).catch(() => false))) throw error;
  }
  await unlink(path).catch((cause: unknown) => {
    throw new KeysError("DELIVERY_UNCERTAIN", `${target} is written, but its copy ${path} cannot be removed`, {
      hint: `remove it with: rm ${path}`,
      cause,
    });
  });
}

/**
 * Replaces a file in one step, unless it has changed. Nothing of this process runs between the check and the rename.
 * @returns whether it was replaced
 * @throws the error of the system call
 */
export function replaceFile(path: string, target: string, isUnchanged: () => boolean): boolean {
  if (!isUnchanged()) return false;
  renameSync(path, target);
  return true;
}

/** NFS may answer `EEXIST` to a retried request that already succeeded, see open(2), `O_EXCL`. */
async function isSameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([lstat(a), lstat(b)]);
  return one.ino === other.ino && one.dev === other.dev;
}

/**
 * Places a file where hard links are not supported: creates an empty file with the final name, then renames over it.
 * @throws as {@link placeTempFile}
 */
export async function placeWithoutLink(path: string, target: string): Promise<void> {
  await (await open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)).close();
  try {
    await rename(path, target);
  } catch (error) {
    await unlink(target).catch(() => undefined);
    throw error;
  }
}

/**
 * Removes temporary files that killed runs left in the folder of `target`; they may contain a token. Never throws: a failed cleanup must
 * not stop a delivery.
 * @param uid - whose files; `null` where files have no owner
 * @param own - a file that was just created: then files whose process cannot be known are removed too, an hour after their last
 *   change. Their age is measured by the clock of the file system.
 */
export async function sweepTempFiles(target: string, uid: number | null, own?: TempFile): Promise<void> {
  const folder = dirname(target);
  const { mtimeMs: now, uid: owner } = (await own?.handle.stat()) ?? { mtimeMs: 0, uid };
  for (const name of await readdir(folder).catch(() => [])) {
    const match = NAME.exec(name);
    const path = join(folder, name);
    if (match === null || path === own?.path) continue;
    const found = await lstat(path).catch(() => null);
    if (found?.isFile() !== true || (owner !== null && found.uid !== owner)) continue;
    const isOld = now - found.mtimeMs > LEFTOVER_AGE;
    if (isOld || (match[1] !== undefined && hasEnded(match[1]))) await unlink(path).catch(() => undefined);
  }
}

/** Makes the new name durable. Some systems (Windows, network disks) cannot open or sync a folder; that is no failure. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r").catch(() => null);
  try {
    await handle?.sync();
  } catch (cause) {
    if (errnoOf(cause) !== "EIO") return;
    throw new KeysError("DELIVERY_UNCERTAIN", `the new file in ${path} may not survive a power failure`, { cause });
  } finally {
    await handle?.close().catch(() => undefined);
  }
}
