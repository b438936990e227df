import { constants, type BigIntStats } from "node:fs";
import { lstat, open, realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { KeysError } from "../../errors.ts";
import { codeOf, faultOf } from "../journal/disk/fault.ts";

/** 64 MiB hold about 200,000 keys; a larger file is something else. */
const LIMIT = 64 * 1024 * 1024;
const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/** A keyset file, and what to check before trusting it. */
export interface KeysetFile {
  /** Absolute. Links are followed: Kubernetes mounts a file as a link that it switches. */
  readonly path: string;
  /** The user's numeric id. `null` if owners and modes need no check: on Windows, and when a signature protects the content. */
  readonly uid: number | null;
}

/** The text of a keyset file, and a fingerprint that changes with it. */
export interface KeysetContent {
  readonly text: string;
  readonly fingerprint: string;
}

/**
 * Reads a keyset file that only its owner, the user or root, can change.
 * @param known - the fingerprint of the content in use
 * @throws {@link KeysError} `STORE_UNAVAILABLE`, `STORE_INSECURE`
 */
export async function readKeysetFile(file: KeysetFile, known: string | null): Promise<KeysetContent | "unchanged"> {
  try {
    if (fingerprintOf(await stat(file.path, { bigint: true })) === known) return "unchanged";
    await checkFolder(file);
    return await readWhole(file);
  } catch (cause) {
    if (codeOf(cause) !== "ENOENT") throw faultOf(cause, "read", file.path);
    throw new KeysError("STORE_UNAVAILABLE", `there is no keyset ${file.path}`, {
      hint: "write one with: mcp-keys export --keyset > <file>",
    });
  }
}

async function readWhole({ path, uid }: KeysetFile): Promise<KeysetContent> {
  // O_NONBLOCK keeps a named pipe from blocking the open. Windows does not have it.
  const { O_NONBLOCK = 0 } = constants as Partial<typeof constants>;
  const handle = await open(path, constants.O_RDONLY | O_NONBLOCK);
  try {
    // The opened file is checked, not the path, which may lead to another file by now.
    const found = await handle.stat({ bigint: true });
    if (!found.isFile()) throw new KeysError("STORE_UNAVAILABLE", `${path} is not a regular file`);
    if (found.size > LIMIT) throw new KeysError("KEYSET_INVALID", `${path} is too large for a keyset`);
    checkOwner(path, found, uid, WRITABLE_BY_OTHERS);
    return { text: await handle.readFile("utf8"), fingerprint: fingerprintOf(found) };
  } finally {
    await handle.close();
  }
}

/** Whoever can write to the folder can replace the file, unless the folder is sticky. */
async function checkFolder({ path, uid }: KeysetFile): Promise<void> {
  for (const folder of new Set([dirname(path), dirname(await realpath(path))])) {
    const found = await lstat(await realpath(folder), { bigint: true });
    checkOwner(folder, found, uid, (Number(found.mode) & STICKY) === 0 ? WRITABLE_BY_OTHERS : 0);
  }
}

function checkOwner(path: string, found: BigIntStats, uid: number | null, forbidden: number): void {
  if (uid === null) return;
  const isTrusted = Number(found.uid) === uid || found.uid === 0n;
  if (isTrusted && (Number(found.mode) & forbidden) === 0) return;
  throw new KeysError("STORE_INSECURE", `other users can change the keyset ${path}`, {
    hint: "keep it where only you and root can write, or sign it: mcp-keys export --keyset --sign-with <file>",
  });
}

function fingerprintOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}
