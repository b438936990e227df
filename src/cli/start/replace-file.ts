import { lstatSync, readdirSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Files of earlier versions are removed after this time. The others are written again. */
const KEEP_MS = 30 * 86_400_000;

/**
 * Writes a file that only the user can read. A reader sees the old content or all of the new.
 * @param suffix - of this process alone
 */
export function replaceFile(path: string, bytes: Uint8Array, suffix: string): void {
  const own = `${path}.${suffix}`;
  try {
    writeFileSync(own, bytes, { flag: "wx", mode: 0o600 });
    renameSync(own, path);
  } catch (error) {
    unlinkSync(own);
    throw error;
  }
}

/** @param now - in milliseconds */
export function removeOldFiles(folder: string, now: number): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (now - lstatSync(path).mtimeMs > KEEP_MS) unlinkSync(path);
  }
}
