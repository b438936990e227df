import { shellQuote } from "../core/shell-quote.ts";
import type { Access, Ownership } from "./file-access.ts";

/** The sticky and the set-group-id bit: somebody made the folder for several users. */
const SHARED = 0o3000;
/** Folders of the system, and folders right below them that packages and other users rely on. */
const SYSTEM =
  /^\/(?:[^/]*|(?:private\/)?(?:var|etc|usr|run|dev|proc|sys|boot)(?:\/[^/]*)?|private\/tmp|(?:usr|System|Library|bin|sbin|lib\w*|proc|sys|dev)\/.*|[A-Za-z]:\/?)$/;

/**
 * Returns how to close a folder to other users: a `chmod`, but only for a folder that belongs to the user alone. Other folders are
 * not theirs to change: a `chmod` of `/tmp` would break the machine. Then the store moves.
 * @param path - the real path of the folder
 * @param change - the argument of `chmod`, for example `go-w`
 * @param journal - the path of the journal
 */
export function closeFolder(
  path: string,
  folder: Ownership,
  { uid }: Access,
  change: string,
  journal: { readonly path: string; readonly exists: boolean },
): string {
  const isTheirs = folder.uid === uid && (folder.mode & SHARED) === 0 && !SYSTEM.test(path);
  return isTheirs ? `chmod ${change} ${shellQuote(path)}` : moveStore(journal);
}

/** Returns how to keep the store in a folder of the user. */
export function moveStore({ path, exists }: { readonly path: string; readonly exists: boolean }): string {
  const name = /[^/\\]*$/.exec(path)?.[0] ?? "";
  // The sidecars move too: one of them may hold the keys of an unfinished compaction.
  const move = exists ? ` && mv ${shellQuote(path)}* ~/mcp-keys/` : "";
  return `mkdir -p -m 700 ~/mcp-keys${move}; then use --store file:~/mcp-keys/${shellQuote(name)}`;
}

/** Names the option for a volume of several users, if only the group has access. */
export function groupHint(mode: number, { group }: Access): string {
  if ((mode & 0o007) !== 0 || group === "write") return "";
  return "; if its group is meant to have access, allow it in the spec: 'file:…?group=read' or 'file:…?group=write'";
}
