import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { isPrivate, type CacheFolder } from "./cache-folder.ts";
import { removeOldFiles, replaceFile } from "./replace-file.ts";

/** Compiled code of V8, by the name of its file. */
export type CodeCache = ReadonlyMap<string, Uint8Array>;

const ALIGNMENT = 8;
/** Far above the code of any command. */
const LIMIT = 16 * 2 ** 20;

/** Returns the cached code, or an empty map if there is none, it is damaged, or others could have written it. */
export function readCodeCache({ path, uid }: CacheFolder, name: string): CodeCache {
  try {
    const bytes = readPrivate(`${path}/${name}`, uid);
    return bytes === null ? new Map() : decode(bytes);
  } catch {
    return new Map();
  }
}

/**
 * Replaces the cached code, and removes files of earlier versions. Does nothing if the folder cannot be written.
 * @param now - in milliseconds
 */
export function writeCodeCache(folder: CacheFolder, name: string, cache: CodeCache, pid: number, now: number): void {
  try {
    if (!folder.create()) return;
    replaceFile(`${folder.path}/${name}`, encode(cache), pid);
    removeOldFiles(folder.path, now);
  } catch {
    // The next run compiles again.
  }
}

/** The descriptor is examined, because the path could name another file by now. */
function readPrivate(path: string, uid: number): Buffer | null {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.nlink !== 1 || !isPrivate(stat, uid) || stat.size > LIMIT) return null;
    const bytes = Buffer.allocUnsafeSlow(stat.size);
    return readSync(fd, bytes, 0, bytes.length, 0) === bytes.length ? bytes : null;
  } finally {
    closeSync(fd);
  }
}

/**
 * Returns the content of a file: a table of names and lengths, and the code. It is there twice. V8 does not check its code, and would
 * crash on a file that lost a part in a power failure. To compare takes less time than a checksum.
 */
export function encode(cache: CodeCache): Buffer {
  const table = Buffer.from(JSON.stringify([...cache].map(([name, { length }]) => [name, length])));
  const head = Buffer.alloc(aligned(4 + table.length));
  head.writeUInt32LE(table.length);
  table.copy(head, 4);
  const parts = [...cache.values()].map((code) => {
    const part = Buffer.alloc(aligned(code.length));
    part.set(code);
    return part;
  });
  return Buffer.concat([head, ...parts, head, ...parts]);
}

export function decode(bytes: Buffer): CodeCache {
  const half = bytes.length / 2;
  const cache = new Map<string, Uint8Array>();
  if (!Number.isInteger(half) || half < 4 || !bytes.subarray(0, half).equals(bytes.subarray(half))) return cache;
  const tableLength = bytes.readUInt32LE();
  const table = JSON.parse(bytes.toString("utf8", 4, 4 + tableLength)) as [name: string, length: number][];
  let at = aligned(4 + tableLength);
  for (const [name, length] of table) {
    cache.set(name, bytes.subarray(at, at + length));
    at += aligned(length);
  }
  return at === half ? cache : new Map();
}

function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}
