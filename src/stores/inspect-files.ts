import { constants } from "node:fs";
import { access, lstat, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { sidecarOf, sidecars } from "./journal/disk/sidecars.ts";
import type { Sidecar } from "./journal/disk/sidecars.ts";
import { realDisk } from "./journal/disk/disk.ts";

/** One entry of a folder, as the file system has it: not opened, not followed, not judged. */
export interface Entry {
  readonly path: string;
  readonly kind: "folder" | "journal" | Sidecar;
  readonly is: "file" | "folder" | "link" | "other";
  readonly uid: number;
  /** The bits of permission alone, such as 0o600. */
  readonly mode: number;
  readonly size: number;
  /** Seconds since 1970 on the clock of the file system. */
  readonly modified: number;
}

/** What lies where a store keeps its history. */
export interface StoreFiles {
  /** `null` when it is not there, as the journal. */
  readonly folder: Entry | null;
  readonly journal: Entry | null;
  /** The folders above, from the nearest on: who can write there can put another folder in the place of this one. */
  readonly above: readonly Entry[];
  readonly beside: readonly Entry[];
  /** Whether this user could write there, as far as permissions and the disk tell. */
  readonly writable: boolean;
}

/**
 * Looks at what lies at `path` and beside it. What may not be looked at counts as not there.
 * @throws {@link KeysError} `STORE_UNAVAILABLE` when the folder may not be listed
 */
export async function inspectFiles(path: string): Promise<StoreFiles> {
  // A folder may be a link: what counts is the folder it leads to.
  const folder = await realpath(dirname(path)).then(
    (real) => look(real, "folder"),
    () => null,
  );
  const found = await sidecars(realDisk, { path, uid: null, ours: false }, ["draft", "mark", "next", "uses"]);
  const beside = await Promise.all(found.map(({ name, kind }) => look(join(dirname(path), name), kind)));
  const journal = await look(path, "journal");
  return {
    folder,
    journal,
    above: folder === null ? [] : await lookAbove(folder.path),
    beside: beside.filter((entry) => entry !== null),
    writable: (await isWritable(dirname(path))) && (journal === null || (await isWritable(path))),
  };
}

/** Whether a file has a name that the journal at `path` gives to files of its own, which come and go. */
export async function isSidecar(path: string, file: string): Promise<boolean> {
  if (sidecarOf({ path }, basename(file)) === null) return false;
  const [one, other] = await Promise.all(
    [path, file].map((each) => realpath(dirname(each)).catch(() => dirname(each))),
  );
  return one === other;
}

async function lookAbove(folder: string): Promise<Entry[]> {
  const above: Entry[] = [];
  for (let path = folder; dirname(path) !== path; path = dirname(path)) {
    const entry = await look(dirname(path), "folder");
    if (entry !== null) above.push(entry);
  }
  return above;
}

async function look(path: string, kind: Entry["kind"]): Promise<Entry | null> {
  const stat = await lstat(path).catch(() => null);
  if (stat === null) return null;
  const { uid, mode, size, mtimeMs } = stat;
  const is = stat.isFile() ? "file" : stat.isDirectory() ? "folder" : stat.isSymbolicLink() ? "link" : "other";
  return { path, kind, is, uid, mode: mode & 0o7777, size, modified: Math.floor(mtimeMs / 1000) };
}

/** Of what is not there: whether it could be created. */
async function isWritable(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK);
    return true;
  } catch (cause) {
    const isMissing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    return isMissing && dirname(path) !== path && isWritable(dirname(path));
  }
}
