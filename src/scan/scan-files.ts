import { constants } from "node:fs";
import { lstat, open, readdir, stat } from "node:fs/promises";
import { findTokens, TokenFinder, type TokenMatch } from "./token-finder.ts";

/** What a scan of files reports. */
export interface FileVisitor {
  /** A file was opened. */
  file(): void;
  found(path: Buffer, token: TokenMatch): void;
  /** A file or folder could not be read. */
  unread(path: Buffer, reason: string): void;
}

/** Repositories are read with git, and packages are others' files. Both can be named as a path. */
const SKIPPED = new Set([".git", "node_modules"]);
const PART = 256 * 1024;

/**
 * Scans a file, or a folder with everything in it. Follows no links below the path, reads only regular files, and holds one part
 * of a file at a time. Names are bytes, because they need not be UTF-8.
 */
export async function scanFiles(path: Buffer, visitor: FileVisitor, signal: AbortSignal): Promise<void> {
  const part = Buffer.allocUnsafe(PART);
  const waiting: Buffer[] = [path];
  for (let at = waiting.pop(); at !== undefined && !signal.aborted; at = waiting.pop()) {
    const current = at;
    try {
      // The path itself may be a link.
      const entry = await (current === path ? stat(current) : lstat(current));
      if (entry.isDirectory()) waiting.push(...(await listFolder(current)));
      else if (entry.isFile()) await scanFile(current, part, visitor);
      else if (current === path) visitor.unread(current, "is neither a file nor a folder");
    } catch (error) {
      // It was removed meanwhile.
      if (!hasCode(error, "ENOENT")) visitor.unread(current, reasonOf(error));
    }
  }
}

/** Lists a folder in reverse, because the last one is scanned first. */
async function listFolder(folder: Buffer): Promise<Buffer[]> {
  const names = await readdir(folder, { encoding: "buffer" });
  return names
    .filter((name) => !SKIPPED.has(name.toString()))
    .sort((a, b) => Buffer.compare(b, a))
    .map((name) => (folder.equals(Buffer.from(".")) ? name : Buffer.concat([folder, Buffer.from("/"), name])));
}

async function scanFile(path: Buffer, part: Buffer, visitor: FileVisitor): Promise<void> {
  // A named pipe that took the place of the file would make `open` wait for a writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) return;
    visitor.file();
    for (const token of findTokens(path)) visitor.found(path, { ...token, line: 0 });
    const finder = new TokenFinder();
    for (;;) {
      const { bytesRead } = await file.read(part, 0, part.length);
      if (bytesRead === 0) return;
      for (const token of finder.push(part.subarray(0, bytesRead))) visitor.found(path, token);
    }
  } finally {
    await file.close();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}

function reasonOf(error: unknown): string {
  if (hasCode(error, "EACCES") || hasCode(error, "EPERM")) return "permission denied";
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.name) : "unreadable";
}
