import { readFile, stat } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { KeysError } from "../../errors.ts";
import { isInside, leadsOut } from "../../sinks/within.ts";

/** In bytes. */
const LIMIT = 16 * 1024 * 1024;

/**
 * Reads a file of a project that may come from others: a pipe or a link to an endless device must not stop `init`.
 * @returns `null` if there is no file
 * @throws {@link KeysError} `USAGE` if it cannot be read
 */
export async function readProjectFile(path: string): Promise<string | null> {
  try {
    const found = await stat(path);
    if (found.isFile() && found.size <= LIMIT) return await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && (cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw unreadable(path, "cannot be read", cause);
  }
  throw unreadable(path, "is not a file, or is too large");
}

export function unreadable(path: string, reason: string, cause?: unknown): KeysError {
  return new KeysError("USAGE", `${path} ${reason}`, { hint: "fix that file first; nothing was changed", cause });
}

/**
 * Returns the path of a file that a flag names: in the project, unless it is absolute.
 * @throws {@link KeysError} `USAGE` for an empty name, as an unset variable gives
 */
export function inFolder(folder: string, given: string): string {
  if (given.trim() === "") {
    throw new KeysError("USAGE", "the name of a file is empty", { hint: "name a file, or remove that flag" });
  }
  return isAbsolute(given) ? given : join(folder, given);
}

/**
 * Refuses a file that is in the project by its name, and elsewhere because of a symbolic link: the project may come from others.
 * @throws {@link KeysError} `DELIVERY_FAILED`
 */
export async function requireInside(path: string, folder: string, hint: string): Promise<void> {
  if (!isInside(resolve(path), resolve(folder)) || !(await leadsOut(resolve(path), folder))) return;
  throw new KeysError("DELIVERY_FAILED", `${path} is behind a symbolic link that leads out of the project`, {
    hint: `${hint}; nothing was changed`,
  });
}
