import { lstatSync, mkdirSync, type Stats } from "node:fs";

/** The folder for compiled code. The code can read the keys, so only the user may be able to write it. */
export interface CacheFolder {
  readonly path: string;
  readonly uid: number;
  /** Creates it. Returns whether it can be used. */
  create(): boolean;
}

/**
 * Returns the folder, or `null` if there must be none: in CI, which starts afresh each time, with `NODE_DISABLE_COMPILE_CACHE`, on
 * Windows, where Node does not know the owner of a file, and if it is not private to the user. With `sudo`, the home of another user
 * is not.
 * @param uid - of the process; `null` on Windows
 * @see XDG Base Directory Specification: a relative XDG_CACHE_HOME must be ignored
 */
export function findCacheFolder(
  env: Readonly<Record<string, string | undefined>>,
  platform: string,
  uid: number | null,
): CacheFolder | null {
  const { HOME: home = "", XDG_CACHE_HOME: xdg = "" } = env;
  const isOff = isSet(env["CI"]) || isSet(env["NODE_DISABLE_COMPILE_CACHE"]);
  if (uid === null || !home.startsWith("/") || isOff) return null;
  const parent = platform === "darwin" ? `${home}/Library/Caches` : xdg.startsWith("/") ? xdg : `${home}/.cache`;
  const path = `${parent}/mcp-keys`;
  const isUsable = (found: Stats | null) => found !== null && found.isDirectory() && isPrivate(found, uid);
  const found = lstat(path);
  if (found !== null && !isUsable(found)) return null;
  return {
    path,
    uid,
    create() {
      if (found !== null) return true;
      if (lstat(home)?.uid !== uid) return false;
      mkdirSync(path, { recursive: true, mode: 0o700 });
      return isUsable(lstat(path));
    },
  };
}

/** Tells whether a file belongs to the user, and others may neither read nor write it. */
export function isPrivate({ uid, mode }: Stats, user: number): boolean {
  return uid === user && (mode & 0o077) === 0;
}

function isSet(text: string | undefined): boolean {
  return text !== undefined && !["", "0", "false"].includes(text);
}

function lstat(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}
