import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";
import type { Disk } from "./disk.ts";

/**
 * Calls `wake` when the file bearing this name has become another one, longer, or newer. Listens to the folder, since a
 * compaction replaces the file, and looks by itself every `interval` milliseconds, since not every file system tells.
 * Keeps no process alive. Returns the function that ends it.
 */
export async function watchFile(disk: Disk, path: string, interval: number, wake: () => void): Promise<() => void> {
  const folder = dirname(path);
  const name = basename(path);
  let known = await markOf(disk, path);
  let looking = false;
  let again = false;
  let closed = false;
  let watcher: FSWatcher | null = null;

  const look = async (): Promise<void> => {
    again = looking;
    if (looking) return;
    looking = true;
    do {
      again = false;
      const mark = await markOf(disk, path);
      if (!closed && mark !== known) {
        known = mark;
        wake();
      }
      // Set by another call, which came while this one waited.
    } while (again as boolean);
    looking = false;
  };

  const listen = (): void => {
    if (watcher !== null || closed) return;
    try {
      watcher = watch(folder, { persistent: false }, (_, changed) => {
        if (changed === null || changed === name) void look();
      });
      watcher.on("error", () => {
        watcher?.close();
        watcher = null;
      });
    } catch {
      // The folder is not there yet, or the system has no more watches to give: the timer looks, and tries again.
      watcher = null;
    }
  };

  listen();
  const timer = setInterval(() => {
    listen();
    void look();
  }, interval);
  timer.unref();
  return () => {
    closed = true;
    clearInterval(timer);
    watcher?.close();
  };
}

/** What changes when the file does. A file that cannot be looked at has changed too: its reader will find out how. */
async function markOf(disk: Disk, path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await disk.lstat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return "";
  }
}
