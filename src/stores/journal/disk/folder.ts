import { dirname } from "node:path";
import { shellQuote } from "../../../core/shell-quote.ts";
import { KeysError } from "../../../errors.ts";
import type { Disk } from "./disk.ts";
import { codeOf, faultOf } from "./fault.ts";

/** Where a journal lies, and who may. */
export interface Place {
  /** Absolute. */
  readonly path: string;
  /** The user's numeric id; `null` where there is none, and neither owners nor modes are checked. */
  readonly uid: number | null;
  /** Whether the folder is ours alone (the data folder), rather than one the user named. */
  readonly ours: boolean;
  /**
   * Where the digests of its versions are: in its records (when left out), elsewhere, so that the records only name the
   * place, or either. A journal of the wrong kind is refused, since no key would be found in it.
   */
  readonly digests?: "here" | "elsewhere" | "either";
}

/**
 * Refuses a folder in which others could put another file in our file's place. It must belong to the user or to root and be
 * writable by nobody else; our own data folder must be closed altogether. A folder that is not there is no fault.
 * @throws {@link KeysError} `STORE_INSECURE` with the `chmod` that mends it, `STORE_UNAVAILABLE`.
 */
export async function checkFolder(disk: Disk, { path, uid, ours }: Place): Promise<void> {
  const folder = dirname(path);
  const stat = await statFolder(disk, folder);
  if (stat === null || uid === null) return;
  if (stat.uid !== uid && stat.uid !== 0) {
    throw new KeysError("STORE_INSECURE", `the folder ${folder} belongs to another user`, {
      hint: "keep the store in a folder of your own: --store file:<path>",
    });
  }
  const open = stat.mode & (ours ? 0o077 : 0o022);
  if (open !== 0) {
    const fix = `chmod ${ours ? "700" : "go-w"} ${shellQuote(folder)}`;
    throw new KeysError("STORE_INSECURE", `the folder ${folder} is open to other users`, {
      hint: `close it with: ${fix}`,
    });
  }
}

async function statFolder(disk: Disk, folder: string): Promise<{ uid: number; mode: number } | null> {
  try {
    // A folder may be a link (`/tmp` on macOS): what counts is the folder it leads to.
    const stat = await disk.lstat(await disk.realpath(folder));
    if (stat.isDirectory()) return stat;
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return null;
    throw faultOf(cause, "read", folder);
  }
  throw faultOf(Object.assign(new Error(), { code: "ENOTDIR" }), "read", folder);
}

/** Creates the folder and those above it, 0700, where they are missing; then as {@link checkFolder}. */
export async function ensureFolder(disk: Disk, place: Place): Promise<void> {
  const folder = dirname(place.path);
  try {
    await createFolder(disk, folder);
  } catch (cause) {
    throw faultOf(cause, "create", folder);
  }
  await checkFolder(disk, place);
}

/** One by one, since a recursive `mkdir` on a read-only disk says that the folder is missing rather than why. */
async function createFolder(disk: Disk, folder: string, climb = true): Promise<void> {
  try {
    await disk.mkdir(folder, { mode: 0o700 });
  } catch (cause) {
    const code = codeOf(cause);
    // Something is there already; the check will say when it is no folder. A read-only disk may say EROFS for it.
    if (code === "EEXIST" || (code !== "ENOENT" && (await isThere(disk, folder)))) return;
    if (code !== "ENOENT" || !climb || dirname(folder) === folder) throw cause;
    await createFolder(disk, dirname(folder));
    // Missing still: a link above it leads nowhere.
    await createFolder(disk, folder, false);
  }
}

async function isThere(disk: Disk, folder: string): Promise<boolean> {
  return disk.lstat(folder).then(
    () => true,
    () => false,
  );
}

/** Makes a name in a folder outlast a power cut. */
export async function syncFolder(disk: Disk, folder: string): Promise<void> {
  try {
    const handle = await disk.open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    // Windows and some network disks cannot; there is nothing more to do there.
    if (!["EISDIR", "EINVAL", "EPERM", "EACCES", "ENOTSUP"].includes(codeOf(cause) ?? ""))
      throw faultOf(cause, "write", folder);
  }
}
