import { constants } from "node:fs";
import type { BigIntStats } from "node:fs";
import { canBeForged, GUARDED } from "../../file-access.ts";
import type { Access } from "../../file-access.ts";
import type { Disk } from "./disk.ts";
import { codeOf, faultOf } from "./fault.ts";
import type { FileState } from "./open.ts";

/** Larger files, in bytes, are not the store's: this is room for two million last-used times. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Errors that say that this is no file of the store, rather than that the disk or the process has a problem. */
const FOREIGN: readonly unknown[] = ["EACCES", "EPERM", "ELOOP", "EMLINK", "ENXIO", "EISDIR"];

/** `missing`: there is no file. `ignored`: something that the store did not write, which must not stop it. */
export type Unusable = "missing" | "ignored";

/**
 * Returns the state of a regular file that only its owner, the user, can write. Others may read it.
 * @throws {@link KeysError} `STORE_UNAVAILABLE` if the disk reports an error
 */
export async function stateOfUnforged(disk: Disk, path: string, access: Access): Promise<FileState | Unusable> {
  try {
    return judge(await disk.lstat(path, { bigint: true }), access);
  } catch (cause) {
    return unusable(cause, path);
  }
}

/** Reads a file like {@link stateOfUnforged}. Checks the opened file, follows no link and waits for no pipe. */
export async function readUnforged(disk: Disk, path: string, access: Access): Promise<{ text: string } | Unusable> {
  try {
    const handle = await disk.open(path, constants.O_RDONLY | GUARDED);
    try {
      const state = judge(await handle.stat({ bigint: true }), access);
      return typeof state === "string" ? state : { text: await handle.readFile("utf8") };
    } finally {
      await handle.close();
    }
  } catch (cause) {
    return unusable(cause, path);
  }
}

function judge(stat: BigIntStats, access: Access): FileState | Unusable {
  const { ino, dev, mtimeNs: modified } = stat;
  const isOurs = stat.isFile() && !canBeForged({ uid: Number(stat.uid), mode: Number(stat.mode) }, access);
  return isOurs && stat.size <= MAX_BYTES ? { ino, dev, size: Number(stat.size), modified } : "ignored";
}

function unusable(cause: unknown, path: string): Unusable {
  const code = codeOf(cause);
  if (code === "ENOENT") return "missing";
  if (FOREIGN.includes(code)) return "ignored";
  throw faultOf(cause, "read", path);
}
