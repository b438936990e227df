import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { isPrivate, type CacheFolder } from "./cache-folder.ts";
import { removeOldFiles, replaceFile } from "./replace-file.ts";

/** What V8 compiled, and from what: V8 itself compares only the length of the source. */
export interface CompiledFile {
  readonly source: Uint8Array;
  readonly code: Uint8Array;
}
/** Compiled code by the name of its file. */
export type CodeCache = ReadonlyMap<string, CompiledFile>;

const ALIGNMENT = 8;
/** The lengths of the table and of everything that is there twice. */
const HEAD = 8;
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
 * @param compile - called only if it can
 * @param now - in milliseconds
 */
export function writeCodeCache(
  folder: CacheFolder,
  name: string,
  compile: () => CodeCache,
  pid: number,
  now: number,
): void {
  try {
    if (!folder.create()) return;
    // Processes of two containers may have the same id.
    replaceFile(`${folder.path}/${name}`, encode(compile()), `${String(pid)}-${String(now)}`);
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
 * Returns the content of a file: a table of names and lengths with the code, the same once more, and the sources. V8 does not check its
 * code, and would crash on a file that lost a part in a power failure. To compare takes less time than a checksum. The sources are
 * compared with the files of the program.
 */
export function encode(cache: CodeCache): Buffer {
  const files = [...cache];
  const table = Buffer.from(
    JSON.stringify(files.map(([name, { code, source }]) => [name, code.length, source.length])),
  );
  const head = Buffer.alloc(aligned(HEAD + table.length));
  table.copy(head, HEAD);
  const parts = files.map(([, { code }]) => {
    const part = Buffer.alloc(aligned(code.length));
    part.set(code);
    return part;
  });
  const half = parts.reduce((sum, { length }) => sum + length, head.length);
  head.writeUInt32LE(table.length);
  head.writeUInt32LE(half, 4);
  return Buffer.concat([head, ...parts, head, ...parts, ...files.map(([, { source }]) => source)]);
}

export function decode(bytes: Buffer): CodeCache {
  const cache = new Map<string, CompiledFile>();
  const half = bytes.length < HEAD ? 0 : bytes.readUInt32LE(4);
  if (half < HEAD || !bytes.subarray(0, half).equals(bytes.subarray(half, 2 * half))) return cache;
  const tableLength = bytes.readUInt32LE();
  const table = JSON.parse(bytes.toString("utf8", HEAD, HEAD + tableLength)) as [string, number, number][];
  let codeAt = aligned(HEAD + tableLength);
  let sourceAt = 2 * half;
  for (const [name, codeLength, sourceLength] of table) {
    const source = bytes.subarray(sourceAt, (sourceAt += sourceLength));
    cache.set(name, { source, code: bytes.subarray(codeAt, codeAt + codeLength) });
    codeAt += aligned(codeLength);
  }
  return codeAt === half && sourceAt === bytes.length ? cache : new Map();
}

function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}
