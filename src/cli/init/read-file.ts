import { readFile, stat } from "node:fs/promises";
import { KeysError } from "../../errors.ts";

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
