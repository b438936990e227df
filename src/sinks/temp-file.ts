import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { link, lstat, open, rename, unlink, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { KeysError } from "../errors.ts";
import { errnoOf, fileFault } from "./file-fault.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/** A file of our own beside its target, on the same file system, so that it can be moved there in one step. */
export interface TempFile {
  readonly path: string;
  readonly handle: FileHandle;
}

/**
 * Creates an empty file in the folder of `target` that only its owner can read.
 * @param uid - `null` where files have no owner and mode (Windows); the mode is then not checked.
 * @throws {@link KeysError} `DELIVERY_FAILED`, also where the file system does not keep the mode
 */
export async function openTempFile(target: string, uid: number | null): Promise<TempFile> {
  const path = join(dirname(target), `.mcp-keys-${randomUUID()}.tmp`);
  const handle = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600).catch((cause: unknown) => {
    throw fileFault(target, cause);
  });
  // A strict umask can take rights from the owner, and a file system without modes cannot keep any: only one is a fault.
  await handle.chmod(0o600).catch(() => undefined);
  if (uid === null || ((await handle.stat()).mode & 0o077) === 0) return { path, handle };
  await removeTempFile({ path, handle });
  throw new KeysError("DELIVERY_FAILED", `others could read a file in ${dirname(target)}`, {
    hint: "choose a folder on a file system that keeps permissions",
  });
}

/**
 * Empties, closes and removes it: where it cannot be removed, no token is left in it. Does not throw, since it runs when
 * something has failed already.
 */
export async function removeTempFile({ path, handle }: TempFile): Promise<void> {
  await handle.truncate().catch(() => undefined);
  await handle.close().catch(() => undefined);
  await unlink(path).catch(() => undefined);
}

/**
 * Gives a finished file its name, in one step.
 * @param replace - Whether a file of that name may be replaced. If not, it is left alone even when it came a moment ago.
 * @throws the error of the system call, `EEXIST` among them; the file then still has its old name only.
 * {@link KeysError} `DELIVERY_UNCERTAIN` when it has both names and cannot lose the old one.
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
    throw new KeysError(
      "DELIVERY_UNCERTAIN",
      `${target} is written, but ${path} holds the same and cannot be removed`,
      {
        hint: `remove it with: rm ${path}`,
        cause,
      },
    );
  });
}

/** NFS may answer `EEXIST` to the repetition of a request that it carried out; see open(2), `O_EXCL`. */
async function isSameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([lstat(a), lstat(b)]);
  return one.ino === other.ino && one.dev === other.dev;
}

/**
 * For file systems without hard links: an empty file takes the name, and only the one who created it renames over it.
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
