import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";
import type { Disk } from "./disk.ts";

/**
 * Calls `wake` when the file at `path` was replaced or changed. Watches the folder, because a compaction replaces the file, and
 * also polls every `interval` milliseconds, because not every file system sends events. Does not keep the process alive.
 * @returns a function that stops watching
 */
export async function watchFile(
  disk: Pick<Disk, "lstat">,
  path: string,
  interval: number,
  wake: () => void,
): Promise<() => void> {
  const folder = dirname(path);
  const name = basename(path);
  let known = await fingerprintOf(disk, path);
  let checking = false;
  let checkAgain = false;
  let closed = false;
  let watcher: FSWatcher | null = null;

  const check = async (): Promise<void> => {
    checkAgain = checking;
    if (checking) return;
    checking = true;
    do {
      checkAgain = false;
      const fingerprint = await fingerprintOf(disk, path);
      if (!closed && fingerprint !== known) {
        known = fingerprint;
        wake();
      }
      // Another call may have set it during the await.
    } while (checkAgain as boolean);
    checking = false;
  };

  const listen = (): void => {
    if (watcher !== null || closed) return;
    try {
      watcher = watch(folder, { persistent: false }, (_, changed) => {
        if (changed === null || changed === name) void check();
      });
      watcher.on("error", () => {
        watcher?.close();
        watcher = null;
      });
    } catch {
      // The folder is missing, or the system is out of watches. The timer polls and tries again.
      watcher = null;
    }
  };

  listen();
  const timer = setInterval(() => {
    listen();
    void check();
  }, interval);
  timer.unref();
  return () => {
    closed = true;
    clearInterval(timer);
    watcher?.close();
  };
}

/** Returns a text that changes when the file changes. Empty for an unreadable file; its reader reports the reason. */
async function fingerprintOf(disk: Pick<Disk, "lstat">, path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await disk.lstat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return "";
  }
}
