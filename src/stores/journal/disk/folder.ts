import { dirname } from "node:path";
import { KeysError } from "../../../errors.ts";
import { judgeFolder } from "../../file-access.ts";
import type { Access, Ownership } from "../../file-access.ts";
import { closeFolder, groupHint, moveStore } from "../../folder-advice.ts";
import type { Disk } from "./disk.ts";
import { codeOf, faultOf } from "./fault.ts";

/** The path of a journal, and what to check before using it. */
export interface JournalLocation extends Access {
  /** Absolute. */
  readonly path: string;
  /** True for the data folder, which contains only our files; false for a folder that the user chose. */
  readonly ownsFolder: boolean;
  /**
   * The place of the digests: in the records (`here`, the default), or in a keychain (`elsewhere`), with only its item names in the
   * records. The wrong kind of journal is rejected, because no token would be found in it.
   */
  readonly digests?: "here" | "elsewhere" | "either";
}

/**
 * Checks that other users cannot replace files in the journal's folder. The folder must belong to the user or to root, and
 * only they may write to it. The data folder must also be unreadable for others. A missing folder passes.
 * @throws {@link KeysError} `STORE_INSECURE` with the command that fixes it, `STORE_UNAVAILABLE`
 */
export async function checkFolder(disk: Disk, location: JournalLocation): Promise<void> {
  const { path, uid, group, ownsFolder } = location;
  const folder = dirname(path);
  const stat = await statFolder(disk, folder);
  if (stat === null || uid === null) return;
  const fault = judgeFolder(stat, location, ownsFolder);
  if (fault === null) return;
  const journal = { path, exists: await exists(disk, path) };
  if (fault === "owner") {
    throw new KeysError("STORE_INSECURE", `the folder ${folder} belongs to another user`, {
      hint: `keep the store in your own folder: ${moveStore(journal)}`,
    });
  }
  const fix = closeFolder(stat.path, stat, location, ownsFolder ? "700" : group === "write" ? "o-w" : "go-w", journal);
  const how = fix.startsWith("chmod") ? "fix it with" : "keep the store in your own folder";
  throw new KeysError("STORE_INSECURE", `the folder ${folder} is open to other users`, {
    hint: `${how}: ${fix}${groupHint(stat.mode, location)}`,
  });
}

async function statFolder(disk: Disk, folder: string): Promise<(Ownership & { path: string }) | null> {
  try {
    // The folder may be a symbolic link (`/tmp` on macOS), so its target is checked.
    const path = await disk.realpath(folder);
    const stat = await disk.lstat(path);
    if (stat.isDirectory()) return { path, uid: stat.uid, mode: stat.mode };
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return null;
    throw faultOf(cause, "read", folder);
  }
  throw faultOf(Object.assign(new Error(), { code: "ENOTDIR" }), "read", folder);
}

/** Creates the folder and its missing parents with mode 0700, for a group with 0750, then runs {@link checkFolder}. */
export async function ensureFolder(disk: Disk, location: JournalLocation): Promise<void> {
  const folder = dirname(location.path);
  try {
    await createFolder(disk, folder, location.group === undefined ? 0o700 : 0o750);
  } catch (cause) {
    throw faultOf(cause, "create", folder);
  }
  await checkFolder(disk, location);
}

/** Creates one folder at a time: on a read-only disk, a recursive `mkdir` fails with ENOENT and hides the reason. */
async function createFolder(disk: Disk, folder: string, mode: number, createParents = true): Promise<void> {
  try {
    await disk.mkdir(folder, { mode });
  } catch (cause) {
    const code = codeOf(cause);
    // The path exists; checkFolder rejects it if it is not a folder. A read-only disk may report EROFS for an existing one.
    if (code === "EEXIST" || (code !== "ENOENT" && (await exists(disk, folder)))) return;
    if (code !== "ENOENT" || !createParents || dirname(folder) === folder) throw cause;
    await createFolder(disk, dirname(folder), mode);
    // If it is still missing, a parent is a dangling link.
    await createFolder(disk, folder, mode, false);
  }
}

async function exists(disk: Disk, folder: string): Promise<boolean> {
  return disk.lstat(folder).then(
    () => true,
    () => false,
  );
}

/** Flushes a folder: new and renamed files then survive a power failure. */
export async function syncFolder(disk: Disk, folder: string): Promise<void> {
  try {
    const handle = await disk.open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    // Windows and some network file systems cannot flush a folder.
    if (!["EISDIR", "EINVAL", "EPERM", "EACCES", "ENOTSUP"].includes(codeOf(cause) ?? ""))
      throw faultOf(cause, "write", folder);
  }
}
