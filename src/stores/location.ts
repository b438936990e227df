import { join, resolve } from "node:path";
import { KeysError } from "../errors.ts";
import type { GroupAccess } from "./file-access.ts";
import type { StoreWorld } from "./store.ts";

/** The location of a journal, as written after `file:`. */
export interface FileLocation {
  /** Absolute. */
  readonly path: string;
  /** What the group of the file may do: `?group=read` or `?group=write`. */
  readonly group?: GroupAccess;
}

const OPTIONS = /^group=(read|write)$/;

/**
 * Parses the location of a journal: a path, and after a `?` its options.
 * @throws {@link KeysError} `USAGE` for an unknown option or a path with a `?`, and the errors of {@link parsePath}
 */
export function parseFileLocation(location: string, env: StoreWorld["env"]): FileLocation {
  const mark = location.indexOf("?");
  if (mark === -1) return { path: parsePath(location, env) };
  const group = OPTIONS.exec(location.slice(mark + 1))?.[1];
  if (group === undefined) {
    throw new KeysError("USAGE", "after a ? the store takes only group=read or group=write", {
      hint: "remove what follows the ?; if the name of the file contains a ?, rename the file",
    });
  }
  if (mark === 0) {
    throw new KeysError("USAGE", "the data folder cannot be opened to a group", {
      hint: "name a file: --store 'file:<path>?group=read'",
    });
  }
  return { path: parsePath(location.slice(0, mark), env), group: group as GroupAccess };
}

/** Formats a location as {@link parseFileLocation} reads it. */
export function formatFileLocation({ path, group }: FileLocation): string {
  return group === undefined ? path : `${path}?group=${group}`;
}

/** Returns what the group of a store's files may do, according to its spec. */
export function groupOf(spec: string): GroupAccess | undefined {
  return /^(?:file|archive):[^?]*\?group=(read|write)$/s.exec(spec)?.[1] as GroupAccess | undefined;
}

/**
 * Converts a location to an absolute path. `~/` is the home folder.
 * @throws {@link KeysError} `USAGE` for a NUL character, `STORE_UNAVAILABLE` for `~` without HOME
 */
export function parsePath(location: string, env: StoreWorld["env"]): string {
  if (location.includes("\0")) throw new KeysError("USAGE", "the path contains a NUL character");
  if (location !== "~" && !location.startsWith("~/")) return resolve(location);
  const home = env["HOME"];
  if (home !== undefined && home !== "") return resolve(home, location.slice(2));
  throw new KeysError("STORE_UNAVAILABLE", "~ is unknown, because HOME is not set", {
    hint: "set HOME, or use an absolute path: --store file:<path>",
  });
}

/**
 * Returns the absolute path of a file in the user's data folder.
 * @throws {@link KeysError} `STORE_UNAVAILABLE` without a data folder
 */
export function inDataDir(name: string, { dataDir }: Pick<StoreWorld, "dataDir">): string {
  if (dataDir !== null) return join(resolve(dataDir), name);
  throw new KeysError(
    "STORE_UNAVAILABLE",
    "there is no data folder for the keys, because HOME is not set to an absolute path",
    {
      hint: "set HOME, or choose a file: --store file:<path>",
    },
  );
}
