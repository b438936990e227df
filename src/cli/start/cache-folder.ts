import { accessSync, constants, lstatSync, mkdirSync, realpathSync, type Stats } from "node:fs";
import { dirname } from "node:path";

/** In a folder with this bit, as /tmp has it, everybody can only replace their own. */
const STICKY = 0o1000;

/** The folder for compiled code. The code can read the keys, so only the user may be able to write it. */
export interface CacheFolder {
  readonly path: string;
  readonly uid: number;
  /** Creates it. Returns whether it can be used. Throws if it cannot be written. */
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
  const isUsable = (found: Stats | null) =>
    found !== null && found.isDirectory() && isPrivate(found, uid) && isGuarded(parent, uid);
  const found = lstat(path);
  if (found !== null && !isUsable(found)) return null;
  return {
    path,
    uid,
    create() {
      if (found === null) {
        // Root must not leave folders in the home of another user.
        if (lstat(home)?.uid !== uid || (lstat(parent) !== null && !isGuarded(parent, uid))) return false;
        // Not recursive: in /proc, Node would try forever.
        if (lstat(parent) === null) mkdirSync(parent, { mode: 0o700 });
        mkdirSync(path, { mode: 0o700 });
        if (!isUsable(lstat(path))) return false;
      }
      accessSync(path, constants.W_OK);
      return true;
    },
  };
}

/** Tells whether a file belongs to the user, and others may neither read nor write it. */
export function isPrivate({ uid, mode }: Stats, user: number): boolean {
  return uid === user && (mode & 0o077) === 0;
}

/** Tells whether nobody but the user and root can replace a folder on the way to this one. `StrictModes` of ssh has the same rule. */
function isGuarded(folder: string, user: number): boolean {
  for (let path = realpathSync.native(folder); ; path = dirname(path)) {
    const { uid, mode } = lstatSync(path);
    const isShared = (mode & 0o022) !== 0 && (mode & STICKY) === 0;
    if ((uid !== user && uid !== 0) || isShared) return false;
    if (path === "/") return true;
  }
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
