import { realpath } from "node:fs/promises";
import { dirname, isAbsolute, relative, sep } from "node:path";

/**
 * Returns whether a path leads out of a folder through a symbolic link, of the file or of a folder above it. What is missing is taken for
 * a file or folder that will be created. False for a missing folder.
 * @param path - absolute
 */
export async function leadsOut(path: string, folder: string): Promise<boolean> {
  const [root, real] = await Promise.all([realpath(folder).catch(() => null), nearestReal(path)]);
  return root !== null && real !== null && !isInside(real, root);
}

/** Returns whether a path, as it is written, is in a folder, or is the folder itself. Both are absolute. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Returns where a path leads, or the nearest folder above it that is there. */
async function nearestReal(path: string): Promise<string | null> {
  for (let next = path; ; next = dirname(next)) {
    const real = await realpath(next).catch(() => null);
    if (real !== null || next === dirname(next)) return real;
  }
}
