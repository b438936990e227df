import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { platform } from "node:os";
import { basename, dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { takeSocket } from "../process/take-socket.ts";

/** Milliseconds to wait for other edits. Any local user can hold the lock, so an edit then proceeds without it. */
const LIMIT = 3_000;
const PAUSE = 5;

/**
 * Runs an edit of a file while no other process of ours edits it: no system call renames a file only if its target is unchanged. On
 * Linux the lock is an abstract socket, which disappears with its process. Elsewhere the edit runs without a lock.
 */
export async function withEditLock<T>(path: string, edit: () => Promise<T>): Promise<T> {
  const lock = platform() === "linux" ? await acquire(path) : null;
  try {
    return await edit();
  } finally {
    lock?.close();
  }
}

async function acquire(path: string): Promise<Server | null> {
  const folder = await stat(dirname(path), { bigint: true }).catch(() => null);
  if (folder === null) return null;
  const file = `${String(folder.dev)} ${String(folder.ino)} ${basename(path)}`;
  const name = `\0mcp-keys-edit-${createHash("sha256").update(file).digest("hex")}`;
  for (let waited = 0; waited < LIMIT; waited += PAUSE) {
    const lock = createServer((socket) => socket.destroy()).unref();
    const result = await takeSocket(lock, name);
    if (result !== "taken") return result === "held" ? lock : null;
    await sleep(PAUSE);
  }
  return null;
}
