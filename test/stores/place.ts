import { mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { digestToken } from "../../src/core/digest.ts";
import type { Key } from "../../src/core/key.ts";
import { openFileStore } from "../../src/stores/file.ts";
import type { FileStore } from "../../src/stores/file.ts";
import { realDisk } from "../../src/stores/journal/disk/disk.ts";
import type { Disk } from "../../src/stores/journal/disk/disk.ts";
import type { Draft, KeyStore, ReadOptions, StoreWorld } from "../../src/stores/store.ts";
import { aKey, aVersion } from "../fakes.ts";

export const TORTURE = process.env["MCP_KEYS_TORTURE"] === "1";

/** Creates a temporary folder with mode 0700. It is removed after the test. */
export async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), "mcp-keys-store-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Lists a folder without the reserve of disk space, which every writer keeps. */
export async function filesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.endsWith(".reserve"));
}

export function aWorld(dataDir: string | null = null, env: StoreWorld["env"] = {}): StoreWorld {
  return { env, uid: process.getuid?.() ?? null, dataDir };
}

/** Opens `keys.jsonl` in a folder and closes it after the test. With `checkpointEvery` 1, even a small journal has a checkpoint. */
export async function openIn(folder: string, disk: Partial<Disk> = {}, checkpointEvery?: number): Promise<FileStore> {
  const store = await openFileStore(join(folder, "keys.jsonl"), aWorld(), { ...realDisk, ...disk }, checkpointEvery);
  onTestFinished(() => store.close());
  return store;
}

/** Returns a `rename` that fails when a journal would be replaced by the file that its seal names. */
export function failToReplace(cause: Error): Disk["rename"] {
  return (from, to) => (String(to).endsWith(".next") ? realDisk.rename(from, to) : Promise.reject(cause));
}

/** Creates key number `n`. Its id, name and digest are unique. */
export function keyNo(n: number, change: Partial<Key> = {}): Key {
  const id = String(n).padStart(12, "K");
  return aKey({ id, name: `key-${n}`, versions: [aVersion({ digest: digestToken(`token ${n}`) })], ...change });
}

export function aDraft(keys: readonly Key[], change: Partial<Draft> = {}): Draft {
  return { op: "generate", at: 1_000, by: "ada@laptop", keys, ...change };
}

export async function changesOf(store: KeyStore, since = 0, options: ReadOptions = {}) {
  const changes = [];
  for await (const change of store.changes(since, options)) changes.push(change);
  return changes;
}
