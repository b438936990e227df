import { constants } from "node:fs";
import { access, lstat, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { sidecarOf, sidecars as listSidecars } from "./journal/disk/sidecars.ts";
import type { GroupAccess } from "./file-access.ts";
import { isJournal } from "./journal/disk/open.ts";
import type { Sidecar } from "./journal/disk/sidecars.ts";
import { codeOf } from "./journal/disk/fault.ts";
import { realDisk } from "./journal/disk/disk.ts";

/** A file or folder as the file system reports it. It was not opened, and links were not followed. */
export interface InspectedFile {
  readonly path: string;
  readonly kind: "folder" | "journal" | Sidecar;
  readonly type: "file" | "folder" | "link" | "other";
  readonly uid: number;
  /** Only the permission bits, for example 0o600. */
  readonly mode: number;
  /** In bytes. */
  readonly size: number;
  /** In epoch seconds, on the clock of the file system. */
  readonly modified: number;
}

/** The files of a store and the folders that contain them. */
export interface StoreFiles {
  /** `null` if it is missing. */
  readonly folder: InspectedFile | null;
  /** `null` if it is missing. */
  readonly journal: InspectedFile | null;
  /** Whether the journal begins like one, or is empty. Another file is not the user's to change. */
  readonly isJournal: boolean;
  /** The folders above, nearest first. Anyone who can write to one of them can replace the folder of the store. */
  readonly parents: readonly InspectedFile[];
  readonly sidecars: readonly InspectedFile[];
  /** What the group of the files may do. `undefined`: nothing. */
  readonly group: GroupAccess | undefined;
  /** Whether the current user can write the store, judging by permissions and mount options. */
  readonly writable: boolean;
  /** Whether it cannot be written because its disk is mounted read-only. */
  readonly isDiskReadOnly: boolean;
}

const KINDS: readonly Sidecar[] = ["draft", "checkpoint", "next", "uses", "reserve", "follower", "stray"];

/**
 * Inspects the journal at `path`, its sidecars and the folders above. A path that cannot be inspected counts as missing.
 * @throws {@link KeysError} `STORE_UNAVAILABLE` if the folder cannot be listed
 */
export async function inspectFiles(path: string, group?: GroupAccess): Promise<StoreFiles> {
  // The folder may be a symbolic link, so its target is inspected.
  const folder = await realpath(dirname(path)).then(
    (real) => inspect(real, "folder"),
    () => null,
  );
  const location = { path, uid: null, ownsFolder: false };
  const listed = await listSidecars(realDisk, location, KINDS);
  const sidecars = await Promise.all(listed.map(({ name, kind }) => inspect(join(dirname(path), name), kind)));
  const journal = await inspect(path, "journal");
  const obstacle = (await obstacleTo(dirname(path))) ?? (journal === null ? null : await obstacleTo(path));
  return {
    folder,
    journal,
    isJournal: journal?.type === "file" && isJournal(path),
    parents: folder === null ? [] : await inspectParents(folder.path),
    group,
    sidecars: sidecars.filter((file) => file !== null),
    writable: obstacle === null,
    isDiskReadOnly: obstacle === "EROFS",
  };
}

/** Checks whether `file` has the name of a sidecar of the journal at `path`, which may be replaced or removed at any time. */
export async function isSidecar(path: string, file: string): Promise<boolean> {
  if (sidecarOf({ path }, basename(file)) === null) return false;
  const [one, other] = await Promise.all(
    [path, file].map((each) => realpath(dirname(each)).catch(() => dirname(each))),
  );
  return one === other;
}

async function inspectParents(folder: string): Promise<InspectedFile[]> {
  const parents: InspectedFile[] = [];
  for (let path = folder; dirname(path) !== path; path = dirname(path)) {
    const parent = await inspect(dirname(path), "folder");
    if (parent !== null) parents.push(parent);
  }
  return parents;
}

async function inspect(path: string, kind: InspectedFile["kind"]): Promise<InspectedFile | null> {
  const stat = await lstat(path).catch(() => null);
  if (stat === null) return null;
  const { uid, mode, size, mtimeMs } = stat;
  const type = stat.isFile() ? "file" : stat.isDirectory() ? "folder" : stat.isSymbolicLink() ? "link" : "other";
  return { path, kind, type, uid, mode: mode & 0o7777, size, modified: Math.floor(mtimeMs / 1000) };
}

/** Returns the error code if the user cannot write a path, else `null`. For a missing path, whether it cannot be created. */
async function obstacleTo(path: string): Promise<string | null> {
  try {
    await access(path, constants.W_OK);
    return null;
  } catch (cause) {
    const code = codeOf(cause) ?? "unknown";
    return code === "ENOENT" && dirname(path) !== path ? obstacleTo(dirname(path)) : code;
  }
}
