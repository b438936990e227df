import { posix, win32 } from "node:path";
import { KeysError } from "../errors.ts";
import type { ConfigPlace } from "./client.ts";

/**
 * Returns where the files of clients are.
 * @throws {@link KeysError} `USAGE` if the environment defines no home
 */
export function resolvePlace(env: ConfigPlace["env"], platform: string): ConfigPlace {
  const variable = platform === "win32" ? "USERPROFILE" : "HOME";
  const home = env[variable];
  if (home !== undefined && pathOf(platform).isAbsolute(home)) return { platform, env, home };
  throw new KeysError("USAGE", `the home folder is unknown, because ${variable} is not set`, {
    hint: `set ${variable}, or name the file: --install <file>`,
  });
}

/** Returns a path below the home folder, or below the folder that `variable` names instead. */
export function inHome(place: ConfigPlace, folder: string, file: string, variable?: string): string {
  const path = pathOf(place.platform);
  const base = named(place, variable) ?? path.join(place.home, ...folder.split("/"));
  return path.join(base, ...file.split("/"));
}

/** Returns a path below the folder for settings of desktop programs: Application Support, `%APPDATA%` or `~/.config`. */
export function inAppFolder(place: ConfigPlace, file: string): string {
  if (place.platform === "darwin") return inHome(place, "Library/Application Support", file);
  if (place.platform === "win32") return inHome(place, "AppData/Roaming", file, "APPDATA");
  return inDotConfig(place, file);
}

/** Returns a path below `~/.config`, where some programs keep their settings on macOS too. */
export function inDotConfig(place: ConfigPlace, file: string): string {
  return inHome(place, ".config", file, place.platform === "win32" ? undefined : "XDG_CONFIG_HOME");
}

/** Returns the value of a variable that names a folder; a relative one is ignored. */
function named({ env, platform }: ConfigPlace, variable: string | undefined): string | undefined {
  const value = variable === undefined ? undefined : env[variable];
  return value !== undefined && pathOf(platform).isAbsolute(value) ? value : undefined;
}

function pathOf(platform: string): typeof posix {
  return platform === "win32" ? win32 : posix;
}
