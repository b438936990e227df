import { closeSync, constants, openSync, readSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { shellQuote } from "../../../core/shell-quote.ts";
import { KeysError } from "../../../errors.ts";
import { groupHint } from "../../folder-advice.ts";
import { GUARDED, judgeFile, newFileMode } from "../../file-access.ts";
import type { Access } from "../../file-access.ts";
import type { Disk } from "./disk.ts";
import { codeOf, faultOf } from "./fault.ts";

/** How to open a file. `create` and `reserve` require that the file does not exist; `overwrite` and `reserve` write anywhere in it. */
export type OpenMode = "read" | "append" | "create" | "overwrite" | "reserve";

const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: constants.O_RDONLY | GUARDED,
  append: constants.O_WRONLY | constants.O_APPEND | GUARDED,
  create: constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL | GUARDED,
  overwrite: constants.O_RDWR | GUARDED,
  reserve: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | GUARDED,
};

/** Identifies a file independently of its name, and shows whether it has changed. */
export interface FileState {
  readonly ino: bigint;
  readonly dev: bigint;
  readonly size: number;
  readonly modified: bigint;
}

/**
 * Opens a file that only its owner can read or write, unless the location allows a group. Follows no symbolic link, and checks the opened file rather than its path.
 * @returns `null` if the file is missing, or exists although it must not
 * @throws {@link KeysError} `STORE_INSECURE`, `STORE_UNAVAILABLE`
 */
export async function openPrivate(
  disk: Disk,
  path: string,
  mode: OpenMode,
  access: Access,
): Promise<{ handle: FileHandle; state: FileState } | null> {
  let handle: FileHandle;
  const isNew = mode === "create" || mode === "reserve";
  try {
    handle = await disk.open(path, FLAGS[mode], newFileMode(access));
  } catch (cause) {
    const code = codeOf(cause);
    if (code === (isNew ? "EEXIST" : "ENOENT")) return null;
    if (code === "ELOOP" || code === "EMLINK") throw symlinkFault(path);
    throw faultOf(cause, isNew ? "create" : mode === "read" ? "read" : "write", path);
  }
  try {
    // The umask of most systems takes the write permission from the group.
    if (isNew && access.group !== undefined) await handle.chmod(newFileMode(access));
    return { handle, state: checkPrivate(await handle.stat({ bigint: true }), path, access) };
  } catch (cause) {
    await handle.close();
    throw faultOf(cause, "read", path);
  }
}

/** Returns the state of the file now at this path, checked like an opened file, or `null` if it is missing. */
export async function stateOf(disk: Disk, path: string, access: Access): Promise<FileState | null> {
  try {
    return checkPrivate(await disk.lstat(path, { bigint: true }), path, access);
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return null;
    throw faultOf(cause, "read", path);
  }
}

/** Checks whether two states belong to the same file. */
export function isSameFile(a: FileState, b: FileState): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

/**
 * Returns the state of a regular file that only its owner, the user, can read or write.
 * @throws {@link KeysError} `STORE_INSECURE` for any other file, `STORE_UNAVAILABLE` for a folder
 */
export function checkPrivate(stat: BigIntStats, path: string, access: Access): FileState {
  if (stat.isSymbolicLink()) throw symlinkFault(path);
  if (stat.isDirectory()) throw faultOf(Object.assign(new Error(), { code: "EISDIR" }), "read", path);
  if (!stat.isFile()) {
    throw new KeysError("STORE_INSECURE", `${path} is not a regular file`, {
      hint: "choose another path: --store file:<path>",
    });
  }
  const fault = judgeFile({ uid: Number(stat.uid), mode: Number(stat.mode) }, access);
  if (fault === "owner") {
    throw new KeysError("STORE_INSECURE", `${path} belongs to another user`, {
      hint: "run as its owner, or choose another store: --store file:<path>",
    });
  }
  if (fault === "mode" && !isJournal(path)) {
    throw new KeysError("STORE_INSECURE", `${path} does not look like a key store, and other users can access it`, {
      hint: "choose another path: --store file:<path>",
    });
  }
  if (fault === "mode") {
    throw new KeysError("STORE_INSECURE", `${path} is open to other users`, {
      hint: `fix it with: chmod ${newFileMode(access).toString(8)} ${shellQuote(path)}${groupHint(Number(stat.mode), access)}`,
    });
  }
  return { ino: stat.ino, dev: stat.dev, size: Number(stat.size), modified: stat.mtimeNs };
}

/** The first bytes of every journal. */
const OPENING = '\n{"v":';

/**
 * Returns whether a file begins like a journal, or is empty or cut short. Advice to change the mode of a file is only for these:
 * `chmod 600 /etc/passwd` would lock everybody out. A file that cannot be read is none.
 */
export function isJournal(path: string): boolean {
  try {
    const file = openSync(path, FLAGS.read);
    try {
      const bytes = Buffer.alloc(OPENING.length);
      return OPENING.startsWith(bytes.toString("latin1", 0, readSync(file, bytes, 0, bytes.length, 0)));
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
}

function symlinkFault(path: string): KeysError {
  return new KeysError("STORE_INSECURE", `${path} is a symbolic link`, {
    hint: "use the path of its target: --store file:<path>",
  });
}
