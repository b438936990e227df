import { constants } from "node:fs";

// O_NONBLOCK keeps a named pipe from blocking the open. Windows has neither flag.
const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
/** Flags of every open: follow no link, wait for no pipe. */
export const GUARDED = O_NOFOLLOW | O_NONBLOCK;

/**
 * What the members of a file's group may do, if the user allows it: read the journal (`read`), or also write it (`write`), as the
 * group of a Kubernetes volume does. Without it, only the owner may do either.
 */
export type GroupAccess = "read" | "write";

/** Who may access the files of a journal. */
export interface Access {
  /** The user's numeric id. With `null` (Windows), owners and modes are not checked. */
  readonly uid: number | null;
  readonly group?: GroupAccess | undefined;
}

/** The owner and the mode of a file, as `stat` reports them. */
export interface Ownership {
  readonly uid: number;
  readonly mode: number;
}

/** What is wrong with a file or folder: its owner, or its mode. */
export type AccessFault = "owner" | "mode";

const GROUP_BITS: Readonly<Record<GroupAccess, number>> = { read: 0o040, write: 0o060 };

/** Returns the mode of a new file. */
export function newFileMode({ group }: Pick<Access, "group">): number {
  return 0o600 | (group === undefined ? 0 : GROUP_BITS[group]);
}

/** Judges a file with keys: only its owner, who must be the user, may read or write it, and the group as far as allowed. */
export function judgeFile({ uid: owner, mode }: Ownership, { uid, group }: Access): AccessFault | null {
  if (uid === null) return null;
  // With a group, the owner may be another user: whoever can put a file into the folder.
  if (owner !== uid && group === undefined) return "owner";
  return (mode & 0o077 & ~(group === undefined ? 0 : GROUP_BITS[group])) === 0 ? null : "mode";
}

/**
 * Judges the folder of a journal: nobody but its owner, who must be the user or root, may replace files in it, except a group that
 * may write.
 * @param isOwn - whether it is the data folder, which must be closed to other users altogether
 */
export function judgeFolder(
  { uid: owner, mode }: Ownership,
  { uid, group }: Access,
  isOwn: boolean,
): AccessFault | null {
  if (uid === null) return null;
  if (owner !== uid && owner !== 0 && group === undefined) return "owner";
  const forbidden = isOwn ? 0o077 : group === "write" ? 0o002 : 0o022;
  return (mode & forbidden) === 0 ? null : "mode";
}

/** Judges a file whose content others may read but not forge, such as last-used times. */
export function canBeForged({ uid: owner, mode }: Ownership, { uid, group }: Access): boolean {
  if (uid === null) return false;
  if (owner !== uid && group === undefined) return true;
  return (mode & (group === "write" ? 0o002 : 0o022)) !== 0;
}
